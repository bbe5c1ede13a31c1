/* Preloaded into the program: somebody sets the time of day a day ahead while the file CLOCK_AHEAD is there. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t clock, struct timespec *now)
{
    static int (*real)(clockid_t, struct timespec *);
    const char *ahead = getenv("CLOCK_AHEAD");
    if (!real) real = dlsym(RTLD_NEXT, "clock_gettime");
    int result = real(clock, now);
    if (!result && clock == CLOCK_REALTIME && ahead && access(ahead, F_OK) == 0) now->tv_sec += 86400;
    return result;
}
