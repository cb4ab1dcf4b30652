/* What drills put under a process, loaded before all other libraries: a clock that can be set, and a disk that forgets.
 *
 * DRILL_CLOCK names a file that holds seconds to add to the wall clock, as text; the monotonic clock is left alone.
 *
 * DRILL_DISK names a folder, DRILL_SHADOW another: whenever a file of the first has been synced, what it then holds is
 * copied to the second before the call returns. So the shadow is what the disk has promised, no more and no less; after
 * a power cut the drill mixes both, sector by sector, because what was not promised may be there all the same. Renames
 * are noted until the folder is synced, so that the drill can undo them.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;

static long long added_ns(void)
{
    const char *path = getenv("DRILL_CLOCK");
    char text[64] = "";
    int file;
    if (path == NULL || (file = open(path, O_RDONLY | O_CLOEXEC)) < 0)
        return 0;
    ssize_t size = read(file, text, sizeof text - 1);
    close(file);
    return size > 0 ? (long long)(strtod(text, NULL) * 1e9) : 0;
}

int clock_gettime(clockid_t which, struct timespec *at)
{
    static int (*real)(clockid_t, struct timespec *);
    if (real == NULL)
        real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int done = real(which, at);
    if (done == 0 && (which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE)) {
        long long now = at->tv_sec * 1000000000LL + at->tv_nsec + added_ns();
        at->tv_sec = now / 1000000000LL;
        at->tv_nsec = now % 1000000000LL;
    }
    return done;
}

int gettimeofday(struct timeval *restrict at, void *restrict zone)
{
    struct timespec now;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    at->tv_sec = now.tv_sec;
    at->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *at)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (at != NULL)
        *at = now.tv_sec;
    return now.tv_sec;
}

/* Where a path below the disk stands in the shadow under `as`; 0 for a path that is elsewhere. */
static int place(char *kept, size_t room, const char *path, const char *as)
{
    const char *disk = getenv("DRILL_DISK"), *shadow = getenv("DRILL_SHADOW");
    if (disk == NULL || shadow == NULL)
        return 0;
    size_t front = strlen(disk);
    if (strncmp(path, disk, front) != 0 || path[front] != '/')
        return 0;
    if (snprintf(kept, room, "%s/%s%s", shadow, as, path + front + 1) >= (int)room)
        abort();
    for (char *at = kept + strlen(shadow) + 1; *at != '\0'; at++)
        if (*at == '/')
            *at = '|';
    return 1;
}

/* Copies a whole file, in one step: a kill in between leaves the older copy. 0 if there is no such file. */
static int copy(const char *path, const char *kept)
{
    char fresh[PATH_MAX], bytes[65536];
    int from = open(path, O_RDONLY | O_CLOEXEC);
    if (from < 0)
        return 0;
    if (snprintf(fresh, sizeof fresh, "%s.new", kept) >= (int)sizeof fresh)
        abort();
    int to = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    ssize_t size = -1;
    while (to >= 0 && (size = read(from, bytes, sizeof bytes)) > 0)
        if (write(to, bytes, (size_t)size) != size)
            abort();
    close(from);
    if (to >= 0)
        close(to);
    if (size == 0)
        return syscall(SYS_rename, fresh, kept) == 0;
    unlink(fresh);
    return 0;
}

static const char *renames(char *path, size_t room)
{
    snprintf(path, room, "%s/renames", getenv("DRILL_SHADOW"));
    return path;
}

/* The file behind a descriptor has been synced; a folder's sync makes its renames lasting. */
static void promise(int fd)
{
    char link[64], path[PATH_MAX], kept[PATH_MAX];
    struct stat what;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0 || getenv("DRILL_DISK") == NULL || getenv("DRILL_SHADOW") == NULL)
        return;
    path[length] = '\0';
    if (fstat(fd, &what) == 0 && S_ISDIR(what.st_mode)) {
        if (strncmp(path, getenv("DRILL_DISK"), strlen(getenv("DRILL_DISK"))) == 0)
            unlink(renames(kept, sizeof kept));
    } else if (place(kept, sizeof kept, path, "")) {
        copy(link, kept);
    }
}

/* Noted as one line `old TAB new`, until the folder is synced; what the new name held before is kept beside. */
int rename(const char *old, const char *new)
{
    char kept[PATH_MAX], before[PATH_MAX], moved[PATH_MAX], list[PATH_MAX];
    if (!place(before, sizeof before, new, "before|"))
        return syscall(SYS_rename, old, new);
    pthread_mutex_lock(&one_at_a_time);
    if (!copy(new, before))
        unlink(before);
    int done = syscall(SYS_rename, old, new);
    if (done == 0) {
        place(kept, sizeof kept, new, "");
        if (place(moved, sizeof moved, old, "") && syscall(SYS_rename, moved, kept) != 0)
            unlink(kept); /* the content was never synced under its old name */
        FILE *notes = fopen(renames(list, sizeof list), "a");
        if (notes != NULL) {
            fprintf(notes, "%s\t%s\n", old, new);
            fclose(notes);
        }
    }
    pthread_mutex_unlock(&one_at_a_time);
    return done;
}

static int synced(const char *name, int fd)
{
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    int done = real(fd);
    if (done == 0) {
        pthread_mutex_lock(&one_at_a_time);
        promise(fd);
        pthread_mutex_unlock(&one_at_a_time);
    }
    return done;
}

int fsync(int fd)
{
    return synced("fsync", fd);
}

int fdatasync(int fd)
{
    return synced("fdatasync", fd);
}
