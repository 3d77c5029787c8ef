/* The runtime of the AppImage: mounts the SquashFS that follows it and runs the app in it.
 *
 * It mounts with FUSE and unmounts when the app has quit. If that is not possible (in a container, or
 * without fusermount3), it unpacks into a temporary folder and removes that afterwards. Linked
 * statically, so it needs no libraries of the system. */
#define _GNU_SOURCE
#include <squashfuse/config.h>
#include <squashfuse/ll.h>

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t program;

static void fail(const char *what) {
    fprintf(stderr, "xdr-login: %s: %s\n", what, strerror(errno));
    exit(1);
}

/* The size of the ELF file: the section table is its last part. */
static size_t own_size(const char *self) {
    Elf64_Ehdr head;
    int fd = open(self, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || read(fd, &head, sizeof head) != (ssize_t)sizeof head) fail(self);
    close(fd);
    return head.e_shoff + (size_t)head.e_shentsize * head.e_shnum;
}

static void write_file(sqfs *fs, sqfs_inode *inode, const char *path) {
    static char buffer[1 << 17];
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, inode->base.mode & 0777);
    if (fd < 0) fail(path);
    for (sqfs_off_t at = 0; at < (sqfs_off_t)inode->xtra.reg.file_size;) {
        sqfs_off_t size = sizeof buffer;
        if (sqfs_read_range(fs, inode, at, &size, buffer) || size <= 0) fail(path);
        if (write(fd, buffer, (size_t)size) != size) fail(path);
        at += size;
    }
    close(fd);
}

static void unpack(const char *self, size_t offset, const char *folder) {
    sqfs fs;
    sqfs_traverse walk;
    sqfs_err error = SQFS_OK;
    if (sqfs_open_image(&fs, self, offset) || sqfs_traverse_open(&walk, &fs, sqfs_inode_root(&fs)))
        fail(self);
    while (sqfs_traverse_next(&walk, &error)) {
        if (walk.dir_end) continue;
        char path[PATH_MAX];
        sqfs_inode inode;
        snprintf(path, sizeof path, "%s/%s", folder, walk.path);
        if (sqfs_inode_get(&fs, &inode, sqfs_dentry_inode(&walk.entry))) fail(path);
        if (S_ISDIR(inode.base.mode)) {
            if (mkdir(path, 0755)) fail(path);
        } else if (S_ISLNK(inode.base.mode)) {
            char target[PATH_MAX];
            size_t size = sizeof target;
            if (sqfs_readlink(&fs, &inode, target, &size) || symlink(target, path)) fail(path);
        } else {
            write_file(&fs, &inode, path);
        }
    }
    if (error) fail(self);
}

static int remove_one(const char *path, const struct stat *s, int flag, struct FTW *at) {
    (void)s, (void)flag, (void)at;
    return remove(path);
}

/* The process that serves the mounted folder; writes a byte to `ready` when it is mounted. */
static void serve(const char *self, size_t offset, const char *folder, int ready, pid_t parent) {
    struct fuse_lowlevel_ops ops = {
        .getattr = sqfs_ll_op_getattr, .opendir = sqfs_ll_op_opendir, .create = sqfs_ll_op_create,
        .releasedir = sqfs_ll_op_releasedir, .readdir = sqfs_ll_op_readdir,
        .lookup = sqfs_ll_op_lookup, .open = sqfs_ll_op_open, .release = sqfs_ll_op_release,
        .read = sqfs_ll_op_read, .readlink = sqfs_ll_op_readlink, .forget = sqfs_ll_op_forget,
        .listxattr = sqfs_ll_op_listxattr, .getxattr = sqfs_ll_op_getxattr,
        .statfs = stfs_ll_op_statfs,
    };
    char *words[] = {"xdr-login", "-o", "ro,nosuid,nodev", NULL};
    struct fuse_args arguments = FUSE_ARGS_INIT(3, words);
    sqfs_ll_chan channel;
    setsid(); /* not stopped by Ctrl+C, which is for the app */
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent) _exit(1);
    sqfs_ll *image = sqfs_ll_open(self, offset);
    if (!image || sqfs_ll_mount(&channel, folder, &arguments, &ops, sizeof ops, image)) _exit(1);
    if (fuse_set_signal_handlers(channel.session) || write(ready, "", 1) != 1) _exit(1);
    close(ready);
    fuse_session_loop(channel.session);
    sqfs_ll_unmount(&channel, folder);
    _exit(0);
}

static pid_t mount_image(const char *self, size_t offset, const char *folder) {
    int helper = !access("/bin/fusermount3", X_OK) || !access("/usr/bin/fusermount3", X_OK);
    if (access("/dev/fuse", R_OK | W_OK) || (geteuid() && !helper)) return 0;
    int ready[2];
    if (pipe2(ready, O_CLOEXEC)) return 0;
    pid_t parent = getpid(), server = fork();
    if (!server) {
        close(ready[0]);
        if (!freopen("/dev/null", "w", stderr)) _exit(1); /* on failure the caller unpacks instead */
        serve(self, offset, folder, ready[1], parent);
    }
    close(ready[1]);
    char byte;
    int is_mounted = server > 0 && read(ready[0], &byte, 1) == 1;
    close(ready[0]);
    if (is_mounted) return server;
    if (server > 0) waitpid(server, NULL, 0);
    return 0;
}

static void forward_signal(int number) {
    if (program > 0) kill(program, number);
}

static int run(const char *self, const char *folder, char **arguments) {
    const int numbers[] = {SIGHUP, SIGINT, SIGTERM, SIGQUIT, SIGUSR1, SIGUSR2};
    pid_t parent = getpid();
    char path[PATH_MAX + 8];
    snprintf(path, sizeof path, "%s/AppRun", folder);
    program = fork();
    if (!program) {
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        if (getppid() != parent) _exit(1);
        setenv("APPIMAGE", self, 1);
        setenv("APPDIR", folder, 1);
        execv(path, arguments);
        fail(path);
    }
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        struct sigaction before, how = {.sa_handler = forward_signal, .sa_flags = SA_RESTART};
        /* The terminal sends Ctrl+C to the app directly. Signals that nohup ignores stay ignored. */
        if (numbers[i] == SIGINT || numbers[i] == SIGQUIT) how.sa_handler = SIG_IGN;
        if (!sigaction(numbers[i], NULL, &before) && before.sa_handler != SIG_IGN)
            sigaction(numbers[i], &how, NULL);
    }
    int status = 0;
    while (waitpid(program, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int count, char **arguments) {
    char self[PATH_MAX], folder[PATH_MAX];
    const char *option = count > 1 ? arguments[1] : "", *temporary = getenv("TMPDIR");
    if (!realpath("/proc/self/exe", self)) fail("/proc/self/exe");
    size_t offset = own_size(self);
    if (!strcmp(option, "--appimage-offset")) return printf("%zu\n", offset) < 0;
    if (!strcmp(option, "--appimage-extract")) {
        if (mkdir("squashfs-root", 0755)) fail("squashfs-root");
        unpack(self, offset, "squashfs-root");
        return 0;
    }
    snprintf(folder, sizeof folder, "%s/.mount_xdr-login-XXXXXX", temporary ? temporary : "/tmp");
    if (!mkdtemp(folder)) fail(folder);
    pid_t server = getenv("APPIMAGE_EXTRACT_AND_RUN") ? 0 : mount_image(self, offset, folder);
    if (!server) unpack(self, offset, folder);
    int status = run(self, folder, arguments);
    if (!server) {
        nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    } else {
        kill(server, SIGTERM);
        waitpid(server, NULL, 0);
        rmdir(folder);
    }
    return status;
}
