/*
 * Stacks and the switch between them. A fiber's stack is a mapping of its own:
 * a guard page, the stack, and at its upper end the struct loop_fiber. The
 * switch saves what the calling convention says a callee must keep, and
 * nothing else; floating-point control words are the same everywhere here.
 *
 * The tools that watch memory must be told: ASan and valgrind where the stack
 * lies, ASan and TSan of each switch. Their calls hide behind the told_…
 * functions, so that the code itself reads the same in every build.
 */
#include "gateway/loop/fiber.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define WITH_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_ASAN 1
#endif
#endif

#if defined(__SANITIZE_THREAD__)
#define WITH_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define WITH_TSAN 1
#endif
#endif

#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#else
#define VALGRIND_STACK_REGISTER(low, high) ((void)(low), (void)(high), 0u)
#define VALGRIND_STACK_DEREGISTER(id)      ((void)(id))
#endif

/* Frames grow several times as large when the tools watch them. */
#if defined(WITH_ASAN) || defined(WITH_TSAN)
#define STACK_SIZE (256u * 1024)
#else
#define STACK_SIZE (64u * 1024)
#endif

/* Stacks that wait with their pages, and those that wait without. */
#define STACKS_WARM 32
#define STACKS_FREE 512

/*
 * A guarded stack is two mappings of the 65,530 that vm.max_map_count gives a
 * process by default, and several workers share them.
 */
#if defined(WITH_TSAN)
#define STACKS_MAX 2048 /* it makes mappings of its own for each */
#else
#define STACKS_MAX 8192
#endif

/* ---- the switch ---- */

/* Saves the callee's registers and the stack at *save; goes on at `load`. */
void loop_fiber_swap(void **save, void *load);

/* Where a new fiber begins: calls what its first frame says. */
void loop_fiber_start(void);

#if defined(__x86_64__)
__asm__(".text\n"
	".p2align 4\n"
	".globl loop_fiber_swap\n"
	".hidden loop_fiber_swap\n"
	".type loop_fiber_swap, @function\n"
	"loop_fiber_swap:\n"
	"	pushq %rbp\n"
	"	pushq %rbx\n"
	"	pushq %r12\n"
	"	pushq %r13\n"
	"	pushq %r14\n"
	"	pushq %r15\n"
	"	movq %rsp, (%rdi)\n"
	"	movq %rsi, %rsp\n"
	"	popq %r15\n"
	"	popq %r14\n"
	"	popq %r13\n"
	"	popq %r12\n"
	"	popq %rbx\n"
	"	popq %rbp\n"
	"	ret\n"
	".size loop_fiber_swap, .-loop_fiber_swap\n"
	".globl loop_fiber_start\n"
	".hidden loop_fiber_start\n"
	".type loop_fiber_start, @function\n"
	"loop_fiber_start:\n"
	"	.cfi_startproc\n"
	"	.cfi_undefined %rip\n"
	"	movq %r12, %rdi\n"
	"	callq *%r13\n"
	"	ud2\n"
	"	.cfi_endproc\n"
	".size loop_fiber_start, .-loop_fiber_start\n");

/* r15, r14, r13, r12, rbx, rbp, return address; then 16-byte aligned. */
static void *first_frame(uintptr_t top, void (*fn)(struct loop_fiber *),
			 struct loop_fiber *fiber)
{
	uintptr_t *frame = (uintptr_t *)(top & ~(uintptr_t)15) - 8;

	frame[1] = 0;
	frame[2] = 0;
	frame[3] = (uintptr_t)fn;
	frame[4] = (uintptr_t)fiber;
	frame[5] = 0;
	frame[6] = 0;
	frame[7] = (uintptr_t)loop_fiber_start;
	return frame + 1;
}
#elif defined(__aarch64__)
__asm__(".text\n"
	".p2align 4\n"
	".globl loop_fiber_swap\n"
	".hidden loop_fiber_swap\n"
	".type loop_fiber_swap, %function\n"
	"loop_fiber_swap:\n"
	"	sub sp, sp, #160\n"
	"	stp x19, x20, [sp, #0]\n"
	"	stp x21, x22, [sp, #16]\n"
	"	stp x23, x24, [sp, #32]\n"
	"	stp x25, x26, [sp, #48]\n"
	"	stp x27, x28, [sp, #64]\n"
	"	stp x29, x30, [sp, #80]\n"
	"	stp d8, d9, [sp, #96]\n"
	"	stp d10, d11, [sp, #112]\n"
	"	stp d12, d13, [sp, #128]\n"
	"	stp d14, d15, [sp, #144]\n"
	"	mov x9, sp\n"
	"	str x9, [x0]\n"
	"	mov sp, x1\n"
	"	ldp x19, x20, [sp, #0]\n"
	"	ldp x21, x22, [sp, #16]\n"
	"	ldp x23, x24, [sp, #32]\n"
	"	ldp x25, x26, [sp, #48]\n"
	"	ldp x27, x28, [sp, #64]\n"
	"	ldp x29, x30, [sp, #80]\n"
	"	ldp d8, d9, [sp, #96]\n"
	"	ldp d10, d11, [sp, #112]\n"
	"	ldp d12, d13, [sp, #128]\n"
	"	ldp d14, d15, [sp, #144]\n"
	"	add sp, sp, #160\n"
	"	ret\n"
	".size loop_fiber_swap, .-loop_fiber_swap\n"
	".globl loop_fiber_start\n"
	".hidden loop_fiber_start\n"
	".type loop_fiber_start, %function\n"
	"loop_fiber_start:\n"
	"	.cfi_startproc\n"
	"	.cfi_undefined x30\n"
	"	mov x0, x19\n"
	"	blr x20\n"
	"	brk #0\n"
	"	.cfi_endproc\n"
	".size loop_fiber_start, .-loop_fiber_start\n");

/* x19 to x30 in order, then d8 to d15. */
static void *first_frame(uintptr_t top, void (*fn)(struct loop_fiber *),
			 struct loop_fiber *fiber)
{
	uintptr_t *frame = (uintptr_t *)(top & ~(uintptr_t)15) - 20;

	for (size_t i = 0; i < 20; i++)
		frame[i] = 0;
	frame[0] = (uintptr_t)fiber;
	frame[1] = (uintptr_t)fn;
	frame[11] = (uintptr_t)loop_fiber_start;
	return frame;
}
#else
#error "fiber.c knows x86-64 and aarch64"
#endif

/* ---- what the tools are told ---- */

#if defined(WITH_ASAN)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>

static void told_leaving(void **fake_stack, const void *bottom, size_t size)
{
	__sanitizer_start_switch_fiber(fake_stack, bottom, size);
}

static void told_arrived(void *fake_stack, const void **bottom, size_t *size)
{
	__sanitizer_finish_switch_fiber(fake_stack, bottom, size);
}

static void told_stack_is_clean(const void *low, size_t size)
{
	__asan_unpoison_memory_region(low, size);
}
#else
static void told_leaving(void **fake_stack, const void *bottom, size_t size)
{
	(void)fake_stack;
	(void)bottom;
	(void)size;
}

static void told_arrived(void *fake_stack, const void **bottom, size_t *size)
{
	(void)fake_stack;
	(void)bottom;
	(void)size;
}

static void told_stack_is_clean(const void *low, size_t size)
{
	(void)low;
	(void)size;
}
#endif

#if defined(WITH_TSAN)
#include <sanitizer/tsan_interface.h>
#define NOT_TRACED __attribute__((no_sanitize("thread"), noinline))

static void *told_new_fiber(void)
{
	return __tsan_create_fiber(0);
}

static void told_no_fiber(void *tsan)
{
	__tsan_destroy_fiber(tsan);
}

static void *told_who_runs(void)
{
	return __tsan_get_current_fiber();
}

#define TOLD_SWITCH(tsan) __tsan_switch_to_fiber(tsan, 0)
#else
#define NOT_TRACED __attribute__((noinline))

static void *told_new_fiber(void)
{
	return NULL;
}

static void told_no_fiber(void *tsan)
{
	(void)tsan;
}

static void *told_who_runs(void)
{
	return NULL;
}

#define TOLD_SWITCH(tsan) ((void)(tsan))
#endif

/* ---- stacks ---- */

static size_t guard_size(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

static char *stack_low(const struct loop_fiber *fiber)
{
	return (char *)fiber->base + guard_size();
}

static size_t stack_size(const struct loop_fiber *fiber)
{
	return (size_t)((const char *)fiber - stack_low(fiber));
}

static struct loop_fiber *stack_map(void)
{
	size_t guard = guard_size();
	size_t whole = guard + STACK_SIZE;
	char *base =
		mmap(NULL, whole, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE,
		     -1, 0);

	if (base == MAP_FAILED)
		return NULL;
	if (mprotect(base, guard, PROT_NONE) < 0) {
		munmap(base, whole);
		return NULL;
	}

	size_t room = (sizeof(struct loop_fiber) + 63) & ~(size_t)63;
	struct loop_fiber *fiber = (void *)(base + whole - room);

	fiber->base = base;
	fiber->tsan = told_new_fiber();
	fiber->valgrind_id =
		VALGRIND_STACK_REGISTER(base + guard, base + whole);
	return fiber;
}

static void stack_unmap(struct loop_fiber *fiber)
{
	VALGRIND_STACK_DEREGISTER(fiber->valgrind_id);
	told_no_fiber(fiber->tsan);
	munmap(fiber->base, guard_size() + STACK_SIZE);
}

/* Gives the pages back, but not the last one, where the fiber itself lies. */
static void stack_cool(struct loop_fiber *fiber)
{
	char *low = stack_low(fiber);
	size_t page = guard_size();

	if (STACK_SIZE > page)
		madvise(low, STACK_SIZE - page, MADV_DONTNEED);
}

void loop_stacks_init(struct loop_stacks *stacks)
{
	*stacks = (struct loop_stacks){ .free_count = 0 };
	TAILQ_INIT(&stacks->free);
}

void loop_stacks_fini(struct loop_stacks *stacks)
{
	struct loop_fiber *fiber;

	assert(stacks->used_count == 0);
	while ((fiber = TAILQ_FIRST(&stacks->free)) != NULL) {
		TAILQ_REMOVE(&stacks->free, fiber, ready_entry);
		stack_unmap(fiber);
	}
	stacks->free_count = 0;
}

static struct loop_fiber *stack_take(struct loop_stacks *stacks)
{
	struct loop_fiber *fiber = TAILQ_FIRST(&stacks->free);

	if (fiber != NULL) {
		TAILQ_REMOVE(&stacks->free, fiber, ready_entry);
		stacks->free_count--;
		return fiber;
	}
	return stack_map();
}

static void fiber_main(struct loop_fiber *fiber);

struct loop_fiber *loop_fiber_take(struct loop_stacks *stacks,
				   loop_fiber_fn *fn, void *arg)
{
	if (stacks->used_count >= STACKS_MAX)
		return NULL;

	struct loop_fiber *fiber = stack_take(stacks);

	if (fiber == NULL)
		return NULL;
	stacks->used_count++;
	*fiber = (struct loop_fiber){
		.fn = fn,
		.arg = arg,
		.base = fiber->base,
		.tsan = fiber->tsan,
		.valgrind_id = fiber->valgrind_id,
	};
	fiber->sp = first_frame((uintptr_t)fiber, fiber_main, fiber);
	return fiber;
}

void loop_fiber_give(struct loop_stacks *stacks, struct loop_fiber *fiber)
{
	assert(stacks->used_count > 0);
	stacks->used_count--;
	told_stack_is_clean(stack_low(fiber), stack_size(fiber));
	if (stacks->free_count >= STACKS_FREE) {
		stack_unmap(fiber);
		return;
	}
	stacks->free_count++;
	if (stacks->free_count <= STACKS_WARM) {
		TAILQ_INSERT_HEAD(&stacks->free, fiber, ready_entry);
		return;
	}
	stack_cool(fiber);
	TAILQ_INSERT_TAIL(&stacks->free, fiber, ready_entry);
}

/* ---- to and fro ---- */

NOT_TRACED void loop_fiber_enter(struct loop_top *top, struct loop_fiber *fiber)
{
	fiber->top = top;
	top->tsan = told_who_runs();
	told_leaving(&top->fake_stack, stack_low(fiber), stack_size(fiber));
	TOLD_SWITCH(fiber->tsan);
	loop_fiber_swap(&top->sp, fiber->sp);
	told_arrived(top->fake_stack, NULL, NULL);
}

NOT_TRACED void loop_fiber_suspend(struct loop_fiber *fiber)
{
	struct loop_top *top = fiber->top;

	told_leaving(fiber->is_over ? NULL : &fiber->fake_stack, top->bottom,
		     top->size);
	TOLD_SWITCH(top->tsan);
	loop_fiber_swap(&fiber->sp, top->sp);
	told_arrived(fiber->fake_stack, &top->bottom, &top->size);
}

/*
 * Never returns, and is entered anew when the stack is used again: if TSan
 * counted its frames, each fiber's stack of calls would grow for ever.
 */
static NOT_TRACED void fiber_main(struct loop_fiber *fiber)
{
	struct loop_top *top = fiber->top;

	told_arrived(NULL, &top->bottom, &top->size);
	fiber->fn(fiber->arg);
	fiber->is_over = true;
	loop_fiber_suspend(fiber);
	abort();
}
