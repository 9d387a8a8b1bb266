"""File systems of a test's own: small ones, and read-only ones.

The process moves into a mount namespace of its own, so that nothing outside
sees them and nothing of them is left when it ends, however it ends. Where that
is not allowed, available() says why, and the tests are skipped."""

import ctypes
import os
import subprocess

_NEW_MOUNTS, _NEW_USERS = 0x00020000, 0x10000000
_libc = ctypes.CDLL(None, use_errno=True)
_entered = None


def _unshare(flags):
    if _libc.unshare(flags) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), "unshare")


def _write(path, text):
    with open(path, "w", encoding="ascii") as file:
        file.write(text)


def _enter():
    user, group = os.getuid(), os.getgid()
    if user == 0:
        _unshare(_NEW_MOUNTS)
    else:
        _unshare(_NEW_USERS | _NEW_MOUNTS)
        _write("/proc/self/setgroups", "deny")
        _write("/proc/self/uid_map", f"0 {user} 1")
        _write("/proc/self/gid_map", f"0 {group} 1")
    mount("--make-rprivate", "/")


def available():
    """"" if mounts can be made here, else why not."""
    global _entered
    if _entered is None:
        try:
            _enter()
            _entered = ""
        except (OSError, subprocess.CalledProcessError) as error:
            _entered = f"no mounts of our own here: {error}"
    return _entered


def mount(*arguments):
    subprocess.run(["mount", *arguments], check=True)


def small(folder, size):
    """A file system of so many bytes in the folder."""
    os.makedirs(folder, exist_ok=True)
    mount("-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder)


def read_only(folder):
    """The folder's contents, which nobody can change any more."""
    mount("--bind", folder, folder)
    mount("-o", "remount,bind,ro", folder)


def unmount(folder):
    subprocess.run(["umount", "-l", folder], check=True)
