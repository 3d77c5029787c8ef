from tests.demo.harness import BASE, Harness


async def test_the_metadata_has_the_oddities_of_the_live_server(harness: Harness) -> None:
    answer = await harness.client.get("/.well-known/oauth-authorization-server")
    body = answer.json()
    assert body["issuer"] == "IROH Auth"
    assert body["device_authorization_endpoint"] == f"{BASE}/iroh/oauth2/device_authorization"
    assert body["token_endpoint"] == f"{BASE}/iroh/oauth2/token"
    assert "client_credential" in body["grant_types_supported"]
    assert "refresh_token" not in body["grant_types_supported"]
    assert "revocation_endpoint" not in body
    assert len(set(body["scopes_supported"])) == 32


async def test_the_openid_document_lacks_the_device_endpoint(harness: Harness) -> None:
    body = (await harness.client.get("/.well-known/openid-configuration")).json()
    assert "device_authorization_endpoint" not in body
    assert body["jwks_uri"] == f"{BASE}/.well-known/jwks"


async def test_the_key_set_holds_one_public_rs256_key(harness: Harness) -> None:
    (key,) = (await harness.client.get("/.well-known/jwks")).json()["keys"]
    assert (key["kty"], key["alg"], key["use"]) == ("RSA", "RS256", "sig")
    assert set(key) == {"kty", "alg", "use", "kid", "n", "e"}


async def test_an_unknown_path_is_a_normalized_error(harness: Harness) -> None:
    answer = await harness.client.get("/iroh/nowhere")
    assert (answer.status_code, answer.json()["error"]) == (404, "not_found")
    assert "trace_id" in answer.json()


async def test_a_wrong_method_is_a_normalized_error(harness: Harness) -> None:
    answer = await harness.client.get("/iroh/oauth2/token")
    assert (answer.status_code, answer.json()["error"]) == (405, "method_not_allowed")
    assert answer.headers["allow"] == "POST"
