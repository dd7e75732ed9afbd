/* Fails one chosen file-system call below chosen folders, and lists those that are made.

   cc -shared -fPIC -O2 -o inject.so inject.c -ldl; LD_PRELOAD=./inject.so program

   The program arms it by calling faults_arm. A call is named by its kind, by its place (the path below the folder,
   with numbers as N and long hexadecimal keys as H, since these differ from run to run) and by its turn among those of
   the same kind and place: threads make the order of all calls differ, but hardly that of those at one place. */
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define LONG_KEY 16
#define MOST_FOLDERS 2

static char folders[MOST_FOLDERS][PATH_MAX], wanted_kind[32], wanted_place[PATH_MAX];
static int is_armed, list_fd = -1, error_number, is_sticky;
static long wanted_turn, clock_offset;
static atomic_long turn;
static atomic_int is_full, has_struck;

/* `list` takes every call; -1 takes none. `sticky`: from the chosen call on, nothing that needs room succeeds. */
void faults_arm(const char *one, const char *other, int list, const char *kind, const char *place, long number,
                int error, int sticky) {
    snprintf(folders[0], PATH_MAX, "%s", one);
    snprintf(folders[1], PATH_MAX, "%s", other);
    snprintf(wanted_kind, sizeof wanted_kind, "%s", kind);
    snprintf(wanted_place, PATH_MAX, "%s", place);
    list_fd = list, wanted_turn = number, error_number = error, is_sticky = sticky, is_armed = 1;
}

int faults_struck(void) { return has_struck; }

void faults_set_clock(long seconds) { clock_offset = seconds; }

static const char *below(const char *path) {
    for (int i = 0; i < MOST_FOLDERS; i++) {
        size_t length = strlen(folders[i]);
        if (length && !strncmp(path, folders[i], length) && (path[length] == '/' || !path[length]))
            return path[length] ? path + length + 1 : ".";
    }
    return NULL;
}

static void classify(const char *rest, char *place) {
    char *end = place + PATH_MAX - 1;
    while (*rest && place < end) {
        size_t hex = strspn(rest, "0123456789abcdef"), digits = strspn(rest, "0123456789");
        if (hex >= LONG_KEY) *place++ = 'H', rest += hex;
        else if (digits) *place++ = 'N', rest += digits;
        else *place++ = *rest++;
    }
    *place = 0;
}

/* Return the error that a call gets, or 0. */
static int fate(const char *kind, const char *path, int needs_room) {
    char place[PATH_MAX], line[PATH_MAX + 64];
    const char *rest = is_armed && path ? below(path) : NULL;
    if (!rest) return 0;
    classify(rest, place);
    if (list_fd >= 0) {
        int length = snprintf(line, sizeof line, "%s\t%s\n", kind, place);
        syscall(SYS_write, list_fd, line, (size_t)length);
    }
    if (is_full && needs_room) return ENOSPC;
    if (!error_number || strcmp(kind, wanted_kind) || strcmp(place, wanted_place)) return 0;
    if (atomic_fetch_add(&turn, 1) + 1 != wanted_turn) return 0;
    has_struck = 1;
    is_full = is_sticky;
    return error_number;
}

static const char *path_of(int fd, char *path) {
    char name[64];
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    long length = syscall(SYS_readlink, name, path, PATH_MAX - 1);
    if (length <= 0) return NULL;
    path[length] = 0;
    return path;
}

static const char *path_at(int folder, const char *name, char *path) {
    if (name[0] == '/' || folder == AT_FDCWD) return name;
    if (!path_of(folder, path)) return NULL;
    size_t length = strlen(path);
    snprintf(path + length, PATH_MAX - length, "/%s", name);
    return path;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define STRIKE(kind, path, room) do { if (is_armed) { int e = fate(kind, path, room); if (e) { errno = e; return -1; } } } while (0)
#define STRIKE_FD(kind, fd, room) do { if (is_armed) { char at[PATH_MAX]; int e = fate(kind, path_of(fd, at), room); \
    if (e) { errno = e; return -1; } } } while (0)
#define STRIKE_AT(kind, folder, name, room) do { if (is_armed) { char at[PATH_MAX]; \
    int e = fate(kind, path_at(folder, name, at), room); if (e) { errno = e; return -1; } } } while (0)
#define IS_CHANGE(flags) ((flags) & (O_CREAT | O_WRONLY | O_RDWR | O_TRUNC))
#define MODE(flags) mode_t mode = 0; \
    if ((flags) & (O_CREAT | O_TMPFILE)) { va_list l; va_start(l, flags); mode = va_arg(l, mode_t); va_end(l); }
#define KIND_OF_OPEN(flags) ((flags) & O_CREAT ? "create" : IS_CHANGE(flags) ? "open to write" : "open to read")

int open(const char *path, int flags, ...) {
    MODE(flags) STRIKE(KIND_OF_OPEN(flags), path, flags & O_CREAT);
    return REAL(open)(path, flags, mode);
}
int open64(const char *path, int flags, ...) {
    MODE(flags) STRIKE(KIND_OF_OPEN(flags), path, flags & O_CREAT);
    return REAL(open64)(path, flags, mode);
}
int openat(int folder, const char *path, int flags, ...) {
    MODE(flags) STRIKE_AT(KIND_OF_OPEN(flags), folder, path, flags & O_CREAT);
    return REAL(openat)(folder, path, flags, mode);
}
int openat64(int folder, const char *path, int flags, ...) {
    MODE(flags) STRIKE_AT(KIND_OF_OPEN(flags), folder, path, flags & O_CREAT);
    return REAL(openat64)(folder, path, flags, mode);
}
int close(int fd) {
    if (is_armed) {
        char at[PATH_MAX];
        int flags = fcntl(fd, F_GETFL);
        int e = flags != -1 && (flags & O_ACCMODE) != O_RDONLY ? fate("close", path_of(fd, at), 0) : 0;
        if (e) { REAL(close)(fd); errno = e; return -1; }
    }
    return REAL(close)(fd);
}
ssize_t read(int fd, void *to, size_t size) { STRIKE_FD("read", fd, 0); return REAL(read)(fd, to, size); }
ssize_t pread(int fd, void *to, size_t size, off_t at) { STRIKE_FD("read", fd, 0); return REAL(pread)(fd, to, size, at); }
ssize_t pread64(int fd, void *to, size_t size, off64_t at) {
    STRIKE_FD("read", fd, 0); return REAL(pread64)(fd, to, size, at);
}
ssize_t write(int fd, const void *from, size_t size) { STRIKE_FD("write", fd, 1); return REAL(write)(fd, from, size); }
ssize_t pwrite(int fd, const void *from, size_t size, off_t at) {
    STRIKE_FD("write", fd, 1); return REAL(pwrite)(fd, from, size, at);
}
ssize_t pwrite64(int fd, const void *from, size_t size, off64_t at) {
    STRIKE_FD("write", fd, 1); return REAL(pwrite64)(fd, from, size, at);
}
ssize_t writev(int fd, const struct iovec *parts, int count) { STRIKE_FD("write", fd, 1); return REAL(writev)(fd, parts, count); }
ssize_t sendfile(int, int, off_t *, size_t);
ssize_t sendfile64(int, int, off64_t *, size_t);
ssize_t sendfile(int to, int from, off_t *at, size_t size) { STRIKE_FD("write", to, 1); return REAL(sendfile)(to, from, at, size); }
ssize_t sendfile64(int to, int from, off64_t *at, size_t size) {
    STRIKE_FD("write", to, 1); return REAL(sendfile64)(to, from, at, size);
}
int fsync(int fd) { STRIKE_FD("sync", fd, 0); return REAL(fsync)(fd); }
int fdatasync(int fd) { STRIKE_FD("sync", fd, 0); return REAL(fdatasync)(fd); }
int ftruncate(int fd, off_t size) { STRIKE_FD("truncate", fd, 0); return REAL(ftruncate)(fd, size); }
int ftruncate64(int fd, off64_t size) { STRIKE_FD("truncate", fd, 0); return REAL(ftruncate64)(fd, size); }
int fallocate(int fd, int mode, off_t at, off_t size) { STRIKE_FD("allocate", fd, 1); return REAL(fallocate)(fd, mode, at, size); }
int fallocate64(int fd, int mode, off64_t at, off64_t size) {
    STRIKE_FD("allocate", fd, 1); return REAL(fallocate64)(fd, mode, at, size);
}
int rename(const char *from, const char *to) { STRIKE("rename", to, 0); return REAL(rename)(from, to); }
int renameat(int a, const char *from, int b, const char *to) { STRIKE_AT("rename", b, to, 0); return REAL(renameat)(a, from, b, to); }
int renameat2(int a, const char *from, int b, const char *to, unsigned flags) {
    STRIKE_AT("exchange", b, to, 0); return REAL(renameat2)(a, from, b, to, flags);
}
int link(const char *from, const char *to) { STRIKE("link", to, 1); return REAL(link)(from, to); }
int linkat(int a, const char *from, int b, const char *to, int flags) {
    STRIKE_AT("link", b, to, 1); return REAL(linkat)(a, from, b, to, flags);
}
int symlink(const char *target, const char *path) { STRIKE("symlink", path, 1); return REAL(symlink)(target, path); }
int symlinkat(const char *target, int folder, const char *path) {
    STRIKE_AT("symlink", folder, path, 1); return REAL(symlinkat)(target, folder, path);
}
int unlink(const char *path) { STRIKE("remove", path, 0); return REAL(unlink)(path); }
int unlinkat(int folder, const char *path, int flags) { STRIKE_AT("remove", folder, path, 0); return REAL(unlinkat)(folder, path, flags); }
int remove(const char *path) { STRIKE("remove", path, 0); return REAL(remove)(path); }
int rmdir(const char *path) { STRIKE("remove", path, 0); return REAL(rmdir)(path); }
int mkdir(const char *path, mode_t mode) { STRIKE("make folder", path, 1); return REAL(mkdir)(path, mode); }
int mkdirat(int folder, const char *path, mode_t mode) { STRIKE_AT("make folder", folder, path, 1); return REAL(mkdirat)(folder, path, mode); }
int chmod(const char *path, mode_t mode) { STRIKE("chmod", path, 0); return REAL(chmod)(path, mode); }
int fchmod(int fd, mode_t mode) { STRIKE_FD("chmod", fd, 0); return REAL(fchmod)(fd, mode); }
int fchmodat(int folder, const char *path, mode_t mode, int flags) {
    STRIKE_AT("chmod", folder, path, 0); return REAL(fchmodat)(folder, path, mode, flags);
}
int utimensat(int folder, const char *path, const struct timespec times[2], int flags) {
    STRIKE_AT("set times", folder, path, 0);
    return REAL(utimensat)(folder, path, times, flags);
}
int stat(const char *path, struct stat *to) { STRIKE("look at", path, 0); return REAL(stat)(path, to); }
int stat64(const char *path, struct stat64 *to) { STRIKE("look at", path, 0); return REAL(stat64)(path, to); }
int lstat(const char *path, struct stat *to) { STRIKE("look at", path, 0); return REAL(lstat)(path, to); }
int lstat64(const char *path, struct stat64 *to) { STRIKE("look at", path, 0); return REAL(lstat64)(path, to); }
int fstatat(int folder, const char *path, struct stat *to, int flags) {
    if (*path) STRIKE_AT("look at", folder, path, 0);
    return REAL(fstatat)(folder, path, to, flags);
}
int fstatat64(int folder, const char *path, struct stat64 *to, int flags) {
    if (*path) STRIKE_AT("look at", folder, path, 0);
    return REAL(fstatat64)(folder, path, to, flags);
}
int access(const char *path, int mode) { STRIKE("look at", path, 0); return REAL(access)(path, mode); }
int faccessat(int folder, const char *path, int mode, int flags) {
    STRIKE_AT("look at", folder, path, 0);
    return REAL(faccessat)(folder, path, mode, flags);
}
ssize_t readlink(const char *path, char *to, size_t size) { STRIKE("read link", path, 0); return REAL(readlink)(path, to, size); }
ssize_t readlinkat(int folder, const char *path, char *to, size_t size) {
    STRIKE_AT("read link", folder, path, 0);
    return REAL(readlinkat)(folder, path, to, size);
}
DIR *opendir(const char *path) {
    int e = is_armed ? fate("list", path, 0) : 0;
    if (e) { errno = e; return NULL; }
    return REAL(opendir)(path);
}
DIR *fdopendir(int fd) {
    char at[PATH_MAX];
    int e = is_armed ? fate("list", path_of(fd, at), 0) : 0;
    if (e) { errno = e; return NULL; }
    return REAL(fdopendir)(fd);
}
int flock(int fd, int operation) { if (!(operation & LOCK_UN)) STRIKE_FD("lock", fd, 0); return REAL(flock)(fd, operation); }
int statvfs(const char *path, struct statvfs *to) { STRIKE("ask for room", path, 0); return REAL(statvfs)(path, to); }
int statvfs64(const char *path, struct statvfs64 *to) { STRIKE("ask for room", path, 0); return REAL(statvfs64)(path, to); }

int clock_gettime(clockid_t clock, struct timespec *now) {
    int result = REAL(clock_gettime)(clock, now);
    if (clock == CLOCK_REALTIME) now->tv_sec += clock_offset;
    return result;
}
