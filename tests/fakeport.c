/* Preloaded into the program: the pty FAKEPORT_TTY looks like a UART, with modem lines, break, counters
 * and any character format. What the far side of the cable and the driver do is in FAKEPORT_STATE, which
 * the test has mapped too; each ioctl is appended to FAKEPORT_LOG as "MONOTONIC_SECONDS NAME ARGUMENT",
 * with the time at which it began, after it has taken effect. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/serial.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

struct termios2 { /* the kernel's; its header does not go together with termios.h */
    unsigned c_iflag, c_oflag, c_cflag, c_lflag;
    unsigned char c_line, c_cc[19];
    unsigned c_ispeed, c_ospeed;
};

struct state { /* see _State in fakeport.py */
    unsigned outputs, inputs; /* TIOCM_* bits */
    unsigned max_baudrate;    /* higher ones are not taken; 0: all are */
    char refused_parities[8]; /* letters of "NOEMS" that are not taken */
    struct serial_icounter_struct counts;
    struct termios2 termios; /* what is in force */
    char settings[40];       /* the same in words */
};

static const unsigned OUTPUTS = TIOCM_DTR | TIOCM_RTS, INPUTS = TIOCM_CTS | TIOCM_DSR | TIOCM_RI | TIOCM_CD;
static const unsigned PARITY = PARENB | PARODD | CMSPAR, SPEED = CBAUD | CIBAUD;
static struct state *state;
static dev_t tty;
static int record_fd;

__attribute__((constructor)) static void start(void)
{
    const char *path = getenv("FAKEPORT_TTY");
    struct stat status;
    if (!path) return;
    int fd = open(getenv("FAKEPORT_STATE"), O_RDWR | O_CLOEXEC);
    state = mmap(NULL, sizeof *state, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    record_fd = open(getenv("FAKEPORT_LOG"), O_WRONLY | O_APPEND | O_CLOEXEC);
    if (fd < 0 || state == MAP_FAILED || record_fd < 0) {
        perror("fakeport");
        abort();
    }
    close(fd);
    if (stat(path, &status) == 0) tty = status.st_rdev; /* else it is unplugged already */
}

static int real_fstat(int fd, struct stat *status)
{
    static int (*real)(int, struct stat *);
    if (!real) real = dlsym(RTLD_NEXT, "fstat");
    return real(fd, status);
}

static int real_ioctl(int fd, unsigned long request, void *argument)
{
    static int (*real)(int, unsigned long, ...);
    if (!real) real = dlsym(RTLD_NEXT, "ioctl");
    return real(fd, request, argument);
}

static int is_fake(int fd)
{
    struct stat status;
    return tty && real_fstat(fd, &status) == 0 && status.st_rdev == tty;
}

static double monotonic(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec + now.tv_nsec / 1e9;
}

static void record(double at, const char *name, const char *argument)
{
    char line[160];
    int size = snprintf(line, sizeof line, "%.6f %s%s%s\n", at, name, *argument ? " " : "", argument);
    if (write(record_fd, line, size) != size) abort();
}

/* The levels of those lines that are in the mask. */
static void name_levels(unsigned bits, unsigned mask, char *text)
{
    static const struct { unsigned bit; const char *name; } lines[] = {
        {TIOCM_DTR, "dtr"}, {TIOCM_RTS, "rts"}, {TIOCM_CTS, "cts"},
        {TIOCM_DSR, "dsr"}, {TIOCM_RI, "ri"},   {TIOCM_CD, "cd"},
    };
    const char *begin = text;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        if (mask & lines[i].bit)
            text += sprintf(text, "%s%s=%d", text == begin ? "" : " ", lines[i].name, !!(bits & lines[i].bit));
}

static char parity_letter(unsigned cflag)
{
    if (!(cflag & PARENB)) return 'N';
    return "OEMS"[(cflag & CMSPAR ? 2 : 0) + !(cflag & PARODD)];
}

static void name_settings(const struct termios2 *value, char *text)
{
    unsigned cflag = value->c_cflag, size = cflag & CSIZE;
    int bits = size == CS5 ? 5 : size == CS6 ? 6 : size == CS7 ? 7 : 8;
    const char *stop = !(cflag & CSTOPB) ? "1" : bits == 5 ? "1.5" : "2";
    const char *flow = cflag & CRTSCTS ? "rtscts" : value->c_iflag & (IXON | IXOFF) ? "xonxoff" : "none";
    sprintf(text, "%u %d%c%s %s", value->c_ospeed, bits, parity_letter(cflag), stop, flow);
}

/* The pty gets 8N1, which it would make of it anyway; the rest is kept here, as far as it is taken. */
static int set_termios(int fd, unsigned request, const struct termios2 *wanted, char *text)
{
    const unsigned format = CSIZE | CSTOPB | PARITY | CRTSCTS;
    struct termios2 plain = *wanted, now;
    plain.c_cflag = (plain.c_cflag & ~format) | CS8;
    if (real_ioctl(fd, request, &plain) < 0 || real_ioctl(fd, TCGETS2, &now) < 0) return -1;
    now.c_cflag = (now.c_cflag & ~format) | (wanted->c_cflag & format);
    name_settings(&now, text);
    if (strchr(state->refused_parities, parity_letter(now.c_cflag)))
        now.c_cflag = (now.c_cflag & ~PARITY) | (state->termios.c_cflag & PARITY);
    if (state->max_baudrate && now.c_ospeed > state->max_baudrate) {
        now.c_cflag = (now.c_cflag & ~SPEED) | (state->termios.c_cflag & SPEED);
        now.c_ispeed = state->termios.c_ispeed;
        now.c_ospeed = state->termios.c_ospeed;
    }
    state->termios = now;
    name_settings(&now, state->settings);
    return 0;
}

static int flush(int fd, int queue, char *text)
{
    strcpy(text, queue == TCIFLUSH ? "in" : queue == TCOFLUSH ? "out" : "both");
    return real_ioctl(fd, TCFLSH, (void *)(long)queue);
}

/* Does what a serial driver does, and names it; NULL with errno if it fails. */
static const char *drive(int fd, unsigned request, void *argument, char *text)
{
    struct termios2 now;
    unsigned *bits = argument;
    struct serial_rs485 *rs485 = argument;
    if (real_ioctl(fd, TCGETS2, &now) < 0) return NULL; /* it is unplugged */
    switch (request) {
    case TIOCMGET:
        *bits = state->outputs | (state->inputs & INPUTS);
        name_levels(*bits, OUTPUTS | INPUTS, text);
        return "TIOCMGET";
    case TIOCMSET:
        state->outputs = *bits & OUTPUTS;
        name_levels(*bits, OUTPUTS, text);
        return "TIOCMSET";
    case TIOCMBIS:
        state->outputs |= *bits & OUTPUTS;
        name_levels(OUTPUTS, *bits & OUTPUTS, text);
        return "TIOCMBIS";
    case TIOCMBIC:
        state->outputs &= ~*bits;
        name_levels(0, *bits & OUTPUTS, text);
        return "TIOCMBIC";
    case TIOCSBRK: return "TIOCSBRK";
    case TIOCCBRK: return "TIOCCBRK";
    case TIOCGICOUNT:
        *(struct serial_icounter_struct *)argument = state->counts;
        return "TIOCGICOUNT";
    case TCGETS2:
        *(struct termios2 *)argument = state->termios;
        strcpy(text, state->settings);
        return "TCGETS2";
    case TCSETS2: return set_termios(fd, request, argument, text) < 0 ? NULL : "TCSETS2";
    case TCFLSH: return flush(fd, (int)(long)argument, text) < 0 ? NULL : "TCFLSH";
    default:
        sprintf(text, "flags=%u before=%u after=%u", rs485->flags, rs485->delay_rts_before_send,
                rs485->delay_rts_after_send);
        return "TIOCSRS485";
    }
}

static int is_driven(unsigned request)
{
    static const unsigned requests[] = {TIOCMGET, TIOCMSET,    TIOCMBIS, TIOCMBIC, TIOCSBRK,  TIOCCBRK,
                                        TCGETS2,  TIOCGICOUNT, TCSETS2,  TCFLSH,   TIOCSRS485};
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++)
        if (requests[i] == request) return 1;
    return 0;
}

int ioctl(int fd, unsigned long request, ...)
{
    va_list rest;
    va_start(rest, request);
    void *argument = va_arg(rest, void *);
    va_end(rest);
    if (!is_driven(request) || !is_fake(fd)) return real_ioctl(fd, request, argument);
    char text[100] = "";
    double at = monotonic();
    const char *name = drive(fd, request, argument, text);
    if (!name) return -1;
    record(at, name, text);
    return 0;
}

int tcflush(int fd, int queue) /* glibc's calls the kernel itself */
{
    return ioctl(fd, TCFLSH, queue);
}

int fstat(int fd, struct stat *status)
{
    int result = real_fstat(fd, status);
    if (result == 0 && tty && status->st_rdev == tty) status->st_rdev = makedev(4, 64); /* ttyS0 */
    return result;
}

int fstat64(int fd, struct stat64 *status)
{
    _Static_assert(sizeof(struct stat) == sizeof(struct stat64), "a machine of 64 bits");
    return fstat(fd, (struct stat *)status);
}
