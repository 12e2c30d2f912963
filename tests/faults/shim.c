/*
 * A preloaded library that makes one system call or allocation of a program fail, always the same one (see also fixed.c).
 *
 *	FAULTS_RECORD	a file of sizeof(struct record) bytes: what was counted, and which call failed
 *	FAULTS_FOLDER	calls about files count if the path, or what the descriptor was opened as, lies in this folder
 *	FAULTS		"CLASS N once|sticky ERRNO", numbers but for the third word: the Nth call of that class fails, or that
 *			and all later ones; without it calls are only counted
 *
 * Allocations count while main() runs, those of libcrypto, of which there are thousands, as a class of their own.  So does
 * reading standard input; the other standard files never count.  After fork() the child goes on counting in the same record.
 * Not for a program with the sanitizers, which have a malloc of their own.
 */
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <link.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { FILES_MAX = 1024, STACK_MAX = 48 };

/* In the order of OPERATIONS in program.py, which also reads the record. */
enum class { OPEN, READ, WRITE, SYNC, TRUNCATE, RENAME, UNLINK, MKDIR, MALLOC, CRYPTO, STDIN, CLASSES };

struct record {
	uint32_t counts[CLASSES];
	uint32_t failed;		/* calls that were made to fail */
	uint32_t stack_size;		/* who made the first of them: return addresses, innermost first */
	uint64_t program_base;
	uint64_t stack[STACK_MAX];
	char path[256];			/* and what it was about */
};

static struct record *record;
static enum { ELSEWHERE, IN_FOLDER, RANDOM } files[FILES_MAX];	/* by descriptor */
static const char *folder = "";
static size_t folder_n;
static uintptr_t crypto_from, crypto_until;	/* where libcrypto is */
static bool is_in_main, is_busy;
static struct {
	unsigned class, n;
	bool is_sticky;
	int error;
} fault = { .class = CLASSES };

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *p, size_t size);
int __libc_start_main(int (*)(int, char **, char **), int, char **, void (*)(void), void (*)(void), void (*)(void), void *);

/* ---- Counting */

static void
note_stack(const char *path, int fd)
{
	char link[32];

	is_busy = true;
	if (path != NULL)
		strncpy(record->path, path, sizeof(record->path) - 1);
	else if (fd >= 0) {
		snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		(void)!readlink(link, record->path, sizeof(record->path) - 1);
	}
	record->stack_size = (uint32_t)backtrace((void **)record->stack, STACK_MAX);
	is_busy = false;
}

/* Counts a call; true, with errno set, if it is to fail. */
static bool
fails(enum class class, const char *path, int fd)
{
	uint32_t n;

	if (record == NULL || is_busy)
		return false;
	n = ++record->counts[class];
	if (class != fault.class || (fault.is_sticky ? n < fault.n : n != fault.n))
		return false;
	if (record->failed++ == 0)
		note_stack(path, fd);
	errno = fault.error;
	return true;
}

static bool
is_inside(const char *path)
{
	return folder_n > 0 && strncmp(path, folder, folder_n) == 0 && (path[folder_n] == '/' || path[folder_n] == '\0');
}

static bool
fd_fails(enum class class, int fd)
{
	return fd > STDERR_FILENO && fd < FILES_MAX && files[fd] == IN_FOLDER && fails(class, NULL, fd);
}

static bool
path_fails(enum class class, const char *path)
{
	return is_inside(path) && fails(class, path, -1);
}

/* ---- Starting */

/* The program itself comes first, without a name. */
static int
look_at_object(struct dl_phdr_info *info, size_t size, void *arg)
{
	(void)size;
	(void)arg;
	if (info->dlpi_name[0] == '\0' && record->program_base == 0)
		record->program_base = info->dlpi_addr;
	for (int i = 0; strstr(info->dlpi_name, "/libcrypto.") != NULL && i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_flags & PF_X) {
			crypto_from = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
			crypto_until = crypto_from + info->dlpi_phdr[i].p_memsz;
		}
	return 0;
}

static void __attribute__((constructor))
start(void)
{
	const char *path = getenv("FAULTS_RECORD"), *text = getenv("FAULTS");
	char when[8] = "";
	long fd = path != NULL ? syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC, 0) : -1;
	void *map, *first[1];

	if (fd == -1)
		return;
	map = mmap(NULL, sizeof(*record), PROT_READ | PROT_WRITE, MAP_SHARED, (int)fd, 0);
	syscall(SYS_close, fd);
	if (map == MAP_FAILED)
		return;
	if (getenv("FAULTS_FOLDER") != NULL)
		folder_n = strlen(folder = getenv("FAULTS_FOLDER"));
	if (text != NULL && sscanf(text, "%u %u %7s %d", &fault.class, &fault.n, when, &fault.error) == 4)
		fault.is_sticky = strcmp(when, "sticky") == 0;
	backtrace(first, 1);	/* loads the unwinder now, not when memory is out */
	record = map;
	dl_iterate_phdr(look_at_object, NULL);
}

static int (*real_main)(int, char **, char **);

static int
counted_main(int argc, char **argv, char **env)
{
	int rc;

	is_in_main = true;
	rc = real_main(argc, argv, env);
	is_in_main = false;
	return rc;
}

int
__libc_start_main(int (*program)(int, char **, char **), int argc, char **argv, void (*init)(void), void (*fini)(void),
    void (*rtld_fini)(void), void *stack_end)
{
	__typeof__(&__libc_start_main) next;

	real_main = program;
	*(void **)&next = dlsym(RTLD_NEXT, "__libc_start_main");
	return next(counted_main, argc, argv, init, fini, rtld_fini, stack_end);
}

/* ---- Memory */

static bool
memory_fails(const void *caller)
{
	bool is_crypto = (uintptr_t)caller >= crypto_from && (uintptr_t)caller < crypto_until;

	return is_in_main && fails(is_crypto ? CRYPTO : MALLOC, NULL, -1);
}

void *
malloc(size_t size)
{
	return memory_fails(__builtin_return_address(0)) ? NULL : __libc_malloc(size);
}

void *
calloc(size_t count, size_t size)
{
	return memory_fails(__builtin_return_address(0)) ? NULL : __libc_calloc(count, size);
}

void *
realloc(void *p, size_t size)
{
	return memory_fails(__builtin_return_address(0)) ? NULL : __libc_realloc(p, size);
}

/* ---- Files */

static int
open_at(int at, const char *path, int flags, mode_t mode)
{
	bool is_in_folder = is_inside(path);
	int fd;

	if (is_in_folder && fails(OPEN, path, -1))
		return -1;
	fd = (int)syscall(SYS_openat, at, path, flags, mode);
	if (fd >= 0 && fd < FILES_MAX)
		files[fd] = is_in_folder ? IN_FOLDER : strcmp(path, "/dev/urandom") == 0 ? RANDOM : ELSEWHERE;
	return fd;
}

/* The mode is read also if it was not given: then nobody looks at it. */
int
open(const char *path, int flags, ...)
{
	va_list ap;
	int fd;

	va_start(ap, flags);
	fd = open_at(AT_FDCWD, path, flags, va_arg(ap, mode_t));
	va_end(ap);
	return fd;
}

int
openat(int at, const char *path, int flags, ...)
{
	va_list ap;
	int fd;

	va_start(ap, flags);
	fd = open_at(at, path, flags, va_arg(ap, mode_t));
	va_end(ap);
	return fd;
}

int
close(int fd)
{
	if (fd >= 0 && fd < FILES_MAX)
		files[fd] = ELSEWHERE;
	return (int)syscall(SYS_close, fd);
}

ssize_t
read(int fd, void *out, size_t n)
{
	if (fd >= 0 && fd < FILES_MAX && files[fd] == RANDOM)
		return getrandom(out, n, 0);
	if (fd == STDIN_FILENO ? fails(STDIN, "stdin", -1) : fd_fails(READ, fd))
		return -1;
	return syscall(SYS_read, fd, out, n);
}

ssize_t
pread(int fd, void *out, size_t n, off_t at)
{
	return fd_fails(READ, fd) ? -1 : syscall(SYS_pread64, fd, out, n, at);
}

ssize_t
write(int fd, const void *data, size_t n)
{
	return fd_fails(WRITE, fd) ? -1 : syscall(SYS_write, fd, data, n);
}

ssize_t
pwrite(int fd, const void *data, size_t n, off_t at)
{
	return fd_fails(WRITE, fd) ? -1 : syscall(SYS_pwrite64, fd, data, n, at);
}

int
fallocate(int fd, int mode, off_t at, off_t n)
{
	return fd_fails(WRITE, fd) ? -1 : (int)syscall(SYS_fallocate, fd, mode, at, n);
}

int
posix_fallocate(int fd, off_t at, off_t n)
{
	return fallocate(fd, 0, at, n) == 0 ? 0 : errno;
}

int
fsync(int fd)
{
	return fd_fails(SYNC, fd) ? -1 : (int)syscall(SYS_fsync, fd);
}

int
fdatasync(int fd)
{
	return fd_fails(SYNC, fd) ? -1 : (int)syscall(SYS_fdatasync, fd);
}

int
ftruncate(int fd, off_t n)
{
	return fd_fails(TRUNCATE, fd) ? -1 : (int)syscall(SYS_ftruncate, fd, n);
}

int
renameat2(int at, const char *from, int to_at, const char *to, unsigned flags)
{
	return path_fails(RENAME, to) ? -1 : (int)syscall(SYS_renameat2, at, from, to_at, to, flags);
}

int
rename(const char *from, const char *to)
{
	return renameat2(AT_FDCWD, from, AT_FDCWD, to, 0);
}

int
link(const char *from, const char *to)
{
	return path_fails(RENAME, to) ? -1 : (int)syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0);
}

int
unlink(const char *path)
{
	return path_fails(UNLINK, path) ? -1 : (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
}

int
mkdir(const char *path, mode_t mode)
{
	return path_fails(MKDIR, path) ? -1 : (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
}

int open64(const char *path, int flags, ...) __attribute__((alias("open")));
int openat64(int at, const char *path, int flags, ...) __attribute__((alias("openat")));
ssize_t pread64(int fd, void *out, size_t n, off64_t at) __attribute__((alias("pread")));
ssize_t pwrite64(int fd, const void *data, size_t n, off64_t at) __attribute__((alias("pwrite")));
int fallocate64(int fd, int mode, off64_t at, off64_t n) __attribute__((alias("fallocate")));
int posix_fallocate64(int fd, off64_t at, off64_t n) __attribute__((alias("posix_fallocate")));
int ftruncate64(int fd, off64_t n) __attribute__((alias("ftruncate")));
