/* Preloaded into the program: reads and writes of ttys and sockets go wrong in all the ways that the
 * kernel allows, by a seed (FAULTY_SEED): short reads and writes, EINTR, EAGAIN. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static uint32_t state;
static long faults;

static uint32_t draw(void)
{
    if (!state) {
        const char *seed = getenv("FAULTY_SEED");
        state = seed ? (uint32_t)atoi(seed) * 2654435761u + 1 : 1;
    }
    state ^= state << 13; state ^= state >> 17; state ^= state << 5;
    return state;
}

static int concerns(int fd)
{
    struct stat s;
    int kind = 0;
    socklen_t size = sizeof kind;
    if (fd <= 2 || fstat(fd, &s) < 0) return 0;
    if (S_ISCHR(s.st_mode)) return isatty(fd);
    return S_ISSOCK(s.st_mode) && getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &kind, &size) == 0 && kind == AF_INET;
}

/* 0: go on, with *count perhaps made smaller; -1: fail with errno set. */
static int spoil(int fd, size_t *count)
{
    if (!concerns(fd)) return 0;
    switch (draw() % 8) {
    case 0: faults++; errno = EINTR; return -1;
    case 1: faults++; errno = EAGAIN; return -1;
    case 2: case 3: case 4:
        if (*count > 1) { faults++; *count = 1 + draw() % (*count > 200 ? 200 : *count); }
    }
    return 0;
}

ssize_t read(int fd, void *buffer, size_t count)
{
    static ssize_t (*real)(int, void *, size_t);
    if (!real) real = dlsym(RTLD_NEXT, "read");
    return spoil(fd, &count) ? -1 : real(fd, buffer, count);
}

ssize_t recv(int fd, void *buffer, size_t count, int flags)
{
    static ssize_t (*real)(int, void *, size_t, int);
    if (!real) real = dlsym(RTLD_NEXT, "recv");
    return spoil(fd, &count) ? -1 : real(fd, buffer, count, flags);
}

ssize_t write(int fd, const void *buffer, size_t count)
{
    static ssize_t (*real)(int, const void *, size_t);
    if (!real) real = dlsym(RTLD_NEXT, "write");
    return spoil(fd, &count) ? -1 : real(fd, buffer, count);
}

ssize_t send(int fd, const void *buffer, size_t count, int flags)
{
    static ssize_t (*real)(int, const void *, size_t, int);
    if (!real) real = dlsym(RTLD_NEXT, "send");
    return spoil(fd, &count) ? -1 : real(fd, buffer, count, flags);
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
    static ssize_t (*real)(int, const struct iovec *, int);
    size_t first = count ? parts[0].iov_len : 0, asked = first;
    if (!real) real = dlsym(RTLD_NEXT, "writev");
    if (spoil(fd, &first)) return -1;
    return first == asked ? real(fd, parts, count) : write(fd, parts[0].iov_base, first);
}

/* A test asks with the only signal-free way there is: the count is told at the end, on stderr. */
__attribute__((destructor)) static void tell(void)
{
    if (getenv("FAULTY_SEED")) dprintf(2, "faults: %ld\n", faults);
}
