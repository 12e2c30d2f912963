/*
 * Part of every program of `make COV=1`, so that one that ends without exit() leaves its counts too: the linker sends
 * _exit() and abort() here (--wrap).  A fork needs nothing, because gcc's own wrapper writes the parent's counts first.
 */
#include <gcov.h>
#include <stdlib.h>
#include <unistd.h>

_Noreturn void __real__exit(int status);
_Noreturn void __real_abort(void);
_Noreturn void __wrap__exit(int status);
_Noreturn void __wrap_abort(void);

void
__wrap__exit(int status)
{
	__gcov_dump();
	__real__exit(status);
}

void
__wrap_abort(void)
{
	__gcov_dump();
	__real_abort();
}
