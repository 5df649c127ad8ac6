// Tries from inside a confined shell what it must not get: one line for each, `NAME ERRNO`, with ERRNO 0 where it
// succeeded. Compiled by jail.test.ts and typed into the shell; the arguments are what only the test knows.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static void say(const char *name, long result) {
  printf("%s %d\n", name, result < 0 ? errno : 0);
  fflush(stdout);
}

static void try_unix(const char *name, const char *path, int abstract) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  strncpy(address.sun_path + abstract, path, sizeof address.sun_path - 1 - abstract);
  int s = socket(AF_UNIX, SOCK_STREAM, 0);
  socklen_t length = offsetof(struct sockaddr_un, sun_path) + abstract + strlen(path);
  say(name, connect(s, (struct sockaddr *)&address, abstract ? length : sizeof address));
  close(s);
}

static void try_tcp(const char *name, const char *host, int port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  inet_pton(AF_INET, host, &address.sin_addr);
  int s = socket(AF_INET, SOCK_STREAM, 0);
  say(name, connect(s, (struct sockaddr *)&address, sizeof address));
  close(s);
}

static int inner(void *unused) { return unused != NULL; }

static void try_clone(const char *name, int flag) {
  static char stack[65536];
  long pid = clone(inner, stack + sizeof stack, flag | SIGCHLD, NULL);
  say(name, pid);
  if (pid > 0) waitpid(pid, NULL, 0);
}

// A call that ends its process is told as 1000 and the signal.
static void try_killed(const char *name, void (*call)(void)) {
  pid_t pid = fork();
  if (pid == 0) {
    call();
    _exit(0);
  }
  int status = 0;
  waitpid(pid, &status, 0);
  printf("%s %d\n", name, WIFSIGNALED(status) ? 1000 + WTERMSIG(status) : 0);
  fflush(stdout);
}

static void i386(void) {
#ifdef __x86_64__
  long result;
  // 20 is getpid of i386.
  __asm__ volatile("int $0x80" : "=a"(result) : "a"(20) : "memory", "r8", "r9", "r10", "r11");
#else
  raise(SIGSYS);
#endif
}

int main(int argc, char **argv) {
  if (argc < 6) return 64;
  const char *socket_path = argv[1];
  const char *abstract = argv[2];
  int port = atoi(argv[3]);
  const char *host = argv[4];
  int other = atoi(argv[5]);
  char buffer[64];
  struct iovec here = {buffer, sizeof buffer};
  struct iovec there = {(void *)main, sizeof buffer};

  try_unix("unix-socket", socket_path, 0);
  try_unix("abstract-socket", abstract, 1);
  try_tcp("loopback", "127.0.0.1", port);
  try_tcp("own-address", host, port);
  say("netlink", socket(AF_NETLINK, SOCK_RAW, 0));
  say("packet", socket(AF_PACKET, SOCK_RAW, 0));
  say("vsock", socket(40, SOCK_STREAM, 0));

  say("kill-other", kill(other, 0));
  say("memory-of-other", process_vm_readv(other, &here, 1, &there, 1, 0));
  say("memory-of-init", process_vm_readv(1, &here, 1, &there, 1, 0));
  say("ptrace", syscall(SYS_ptrace, 16 /* attach */, 1, 0, 0));

  try_clone("clone-user", CLONE_NEWUSER);
  try_clone("clone-net", CLONE_NEWNET);
  try_clone("clone-mount", CLONE_NEWNS);
  say("unshare-user", unshare(CLONE_NEWUSER));
  say("unshare-files", unshare(CLONE_FILES));
  struct clone_args args = {.flags = CLONE_NEWUSER, .exit_signal = SIGCHLD};
  say("clone3", syscall(SYS_clone3, &args, sizeof args));
  int own = open("/proc/self/ns/user", O_RDONLY);
  say("setns", setns(own, 0));

  say("mount", syscall(SYS_mount, "none", "/tmp", "tmpfs", 0, 0));
  say("umount", syscall(SYS_umount2, "/tmp", 0));
  say("pivot-root", syscall(SYS_pivot_root, "/", "/tmp"));
  say("chroot", chroot("/tmp"));
  say("fsopen", syscall(SYS_fsopen, "tmpfs", 0));
  say("handle", syscall(SYS_open_by_handle_at, -100, buffer, 0));
  say("bpf", syscall(SYS_bpf, 0, buffer, sizeof buffer));
  say("keyctl", syscall(SYS_keyctl, 0, -3, 0));
  say("add-key", syscall(SYS_add_key, "user", "x", "y", 1, -3));
  say("perf", syscall(SYS_perf_event_open, buffer, 0, -1, -1, 0));
  say("io-uring", syscall(SYS_io_uring_setup, 1, buffer));
  say("userfaultfd", syscall(SYS_userfaultfd, 1));
  say("module", syscall(SYS_init_module, buffer, 1, ""));
  say("reboot", syscall(SYS_reboot, 0, 0, 0, 0));
  say("clock", syscall(SYS_clock_settime, 0, buffer));
  say("hostname", sethostname("x", 1));
  say("device", mknod("/tmp/sda", S_IFBLK | 0600, makedev(8, 0)));
  say("later-call", syscall(1000));

  say("tiocsti", ioctl(0, TIOCSTI, "x"));
  say("tiocsti-high", syscall(SYS_ioctl, 0, TIOCSTI | (1UL << 32), "x"));
  say("tioclinux", ioctl(0, TIOCLINUX, "\2"));
  int discipline = 0;
  say("tiocsetd", ioctl(0, TIOCSETD, &discipline));

  say("setuid", setuid(0));
  say("setuid-station", setresuid(other, 0, 0));
  say("setgroups", syscall(SYS_setgroups, 0, NULL));
#ifdef __x86_64__
  say("x32-getpid", syscall(0x40000000 | SYS_getpid));
  say("x32-ptrace", syscall(0x40000000 | 521, 16, 1, 0, 0));
#else
  errno = EPERM;
  say("x32-getpid", -1);
  say("x32-ptrace", -1);
#endif
  try_killed("i386-getpid", i386);
  return 0;
}
