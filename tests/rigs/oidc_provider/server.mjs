// A certified OpenID provider for tests.
//
// usage: node server.mjs '{"device_code_ttl": 600, ...}'
//
// Listens on a free port of 127.0.0.1, prints one line of JSON with its issuer, and serves until
// it is ended. Prints a line "poll SECONDS" for each token request, by a clock of its own. Everything is in memory; any account name works.

import * as nodeCrypto from 'node:crypto';
import { createServer } from 'node:http';
import { register } from 'node:module';

// Debian 12 has Node 18, which lacks these three; oidc-provider asks for Node 22.
globalThis.crypto ??= nodeCrypto.webcrypto;
URL.parse ??= (text, base) => (URL.canParse(text, base) ? new URL(text, base) : null);
if (!nodeCrypto.hash) {
  addCryptoHash();
}
const { Provider, errors } = await import('oidc-provider');

const settings = {
  device_code_ttl: 600,
  access_token_ttl: 3600,
  refresh_token_ttl: 86400,
  slow_down_at: 0, // oidc-provider knows the error but never sends it: this token request gets it
  interval: null, // oidc-provider never sends one; a number adds it to the response
  dpop: 'off', // or 'required', or 'nonce': required, and each proof needs a nonce
  clients: [],
  ...JSON.parse(process.argv[2] ?? '{}'),
};

// oidc-provider leaves this grant to its users, and its check of proofs to itself.
const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const helpers = './node_modules/oidc-provider/lib/helpers/validate_dpop.js';
const { default: validateDpop } = await import(new URL(helpers, import.meta.url));

let tokenRequests = 0;
const server = createServer();
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  server.on('request', provider(issuer).callback());
  console.log(JSON.stringify({ issuer }));
});

// A module of Node gets no new exports, so others import a module of ours in its place.
function addCryptoHash() {
  const withHash = javascript(`
    import { createHash } from 'node:crypto';
    export * from 'node:crypto';
    export { default } from 'node:crypto';
    export function hash(name, data, encoding = 'hex') {
      const digest = createHash(name).update(data).digest();
      return encoding === 'buffer' ? digest : digest.toString(encoding);
    }
  `);
  const hooks = javascript(`
    export function resolve(name, context, next) {
      const replaced = name === 'node:crypto' && !context.parentURL?.startsWith('data:');
      return replaced ? { url: ${JSON.stringify(withHash)}, shortCircuit: true } : next(name, context);
    }
  `);
  register(hooks);
}

function javascript(text) {
  return `data:text/javascript,${encodeURIComponent(text)}`;
}

function provider(issuer) {
  const made = new Provider(issuer, {
    clients: settings.clients.map(client),
    features: {
      clientCredentials: { enabled: true },
      deviceFlow: { enabled: true },
      devInteractions: { enabled: true },
      dPoP: {
        enabled: settings.dpop !== 'off',
        nonceSecret: nodeCrypto.randomBytes(32),
        requireNonce: () => settings.dpop === 'nonce',
      },
      introspection: { enabled: true },
      revocation: { enabled: true },
      userinfo: { enabled: true },
    },
    scopes: ['openid', 'offline_access', 'profile', 'email'],
    claims: { openid: ['sub'], profile: ['name', 'preferred_username'], email: ['email'] },
    conformIdTokenClaims: false,
    findAccount: (_ctx, id) => ({ accountId: id, claims: () => claims(id) }),
    // As by default, but for device codes: OpenID Connect asks for consent in a browser only.
    issueRefreshToken: (_ctx, asking, code) =>
      asking.grantTypeAllowed('refresh_token') &&
      (code.kind !== 'AuthorizationCode' || code.scopes.has('offline_access')),
    rotateRefreshToken: true,
    cookies: { keys: ['only for tests on this machine'] },
    ttl: {
      AccessToken: settings.access_token_ttl,
      DeviceCode: settings.device_code_ttl,
      RefreshToken: settings.refresh_token_ttl,
      Grant: settings.refresh_token_ttl,
      IdToken: 3600,
      Interaction: 3600,
      Session: 3600,
    },
  });
  if (settings.dpop !== 'off') {
    made.registerGrantType(TOKEN_EXCHANGE, exchangeToken, ['subject_token', 'subject_token_type']);
  }
  made.use(addInterval);
  made.use(slowDown);
  return made;
}

function client({ id, secret, authentication }) {
  return {
    client_id: id,
    client_name: `XDR Login (${id})`,
    ...(secret ? { client_secret: secret } : {}),
    token_endpoint_auth_method: authentication,
    ...(settings.dpop === 'off' ? {} : { dpop_bound_access_tokens: true }),
    application_type: 'native', // RFC 8252 section 7.3: any port of this computer
    grant_types: [
      'urn:ietf:params:oauth:grant-type:device_code',
      'authorization_code',
      'refresh_token',
      ...(settings.dpop === 'off' ? [] : [TOKEN_EXCHANGE]),
      ...(secret ? ['client_credentials'] : []),
    ],
    response_types: ['code'],
    redirect_uris: ['http://127.0.0.1/callback'],
  };
}

function claims(id) {
  return { sub: id, name: `Ana ${id}`, preferred_username: id, email: `${id}@example.com` };
}

async function slowDown(ctx, next) {
  if (ctx.path !== '/token') {
    await next();
    return;
  }
  console.log(`poll ${performance.now() / 1000}`);
  tokenRequests += 1;
  if (tokenRequests === settings.slow_down_at) {
    const { error, error_description, statusCode } = new errors.SlowDown('ask less often');
    Object.assign(ctx, { status: statusCode, body: { error, error_description } });
    return;
  }
  await next();
}

// RFC 8693, and RFC 9449: a bound token is exchanged only by who has its key.
async function exchangeToken(ctx) {
  const { client, params, provider: made } = ctx.oidc;
  const proof = await validateDpop(made, ctx);
  const subject = await made.AccessToken.find(params.subject_token);
  if (!subject || subject.jkt !== proof?.thumbprint) {
    throw new errors.InvalidGrant('the subject token is unknown or bound to another key');
  }
  const { accountId, grantId, scope, claims } = subject;
  const token = new made.AccessToken({ client, accountId, grantId, scope, claims, gty: 'exchange' });
  token.setThumbprint('jkt', proof.thumbprint);
  ctx.oidc.entity('AccessToken', token);
  ctx.body = {
    access_token: await token.save(),
    issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    token_type: token.tokenType,
    expires_in: token.expiration,
  };
}

async function addInterval(ctx, next) {
  await next();
  if (settings.interval !== null && ctx.oidc?.route === 'device_authorization' && ctx.status === 200) {
    ctx.body = { ...ctx.body, interval: settings.interval };
  }
}
