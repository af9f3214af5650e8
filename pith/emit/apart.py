"""The C of a network whose weights are a file of their own: `NAME_use_weights` takes their bytes, `NAME_map_weights` maps the file.

The file is what the library would hold, and behind it the text `NAME_build`, so that the weights of another network, or of another
compilation of this one, are refused.
"""

from __future__ import annotations

TAG = 16  # bytes behind the weights: NAME_build


def declarations(prefix: str) -> list[str]:
    """Lines of the header."""
    up = prefix.upper()
    return [
        f"#define {up}_WRONG_WEIGHTS 5 /* no weights were given, or those of another compilation */",
        f"#define {up}_NO_FILE 6 /* the file of the weights cannot be opened or mapped */", "",
        f"/* The network's weights: the {up}_WEIGHTS_SIZE + {TAG} bytes of {prefix}_weights.bin, {up}_ARENA_ALIGN-byte aligned. They are read, not",
        "   copied, and must stay. Once before the first run; for all threads. */",
        f"int {prefix}_use_weights(const void *weights, uint64_t size);",
        f"/* The same by mapping the file into memory (POSIX; in {prefix}_weights.c): pages are read when they are first used, and",
        "   processes share them. */",
        f"int {prefix}_map_weights(const char *path);", "",
    ]  # fmt: skip


def definitions(prefix: str) -> list[str]:
    """Lines of NAME.c, before its first use of the weights."""
    up = prefix.upper()
    return [
        f"static const unsigned char *{prefix}_weights;", "",
        f"int {prefix}_use_weights(const void *weights, uint64_t size) {{",
        "  const unsigned char *const bytes = (const unsigned char *)weights;",
        f"  if (!weights) return {up}_NULL_POINTER;",
        f"  if (((uintptr_t)weights & ({up}_ARENA_ALIGN - 1u)) != 0u) return {up}_MISALIGNED;",
        f"  if (size != {up}_WEIGHTS_SIZE + {TAG}u) return {up}_WRONG_WEIGHTS;",
        f"  for (int i = 0; i < {TAG}; i++) {{",
        f"    if (bytes[{up}_WEIGHTS_SIZE + (uint32_t)i] != (unsigned char){prefix}_build[i]) return {up}_WRONG_WEIGHTS;", "  }",
        f"  {prefix}_weights = bytes;", f"  return {up}_OK;", "}", "",
    ]  # fmt: skip


def mapping(prefix: str, head: str) -> str:
    """NAME_weights.c, which needs the system's C library; head: its first line."""
    up = prefix.upper()
    return f"""{head}#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif
#include "{prefix}.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

int {prefix}_map_weights(const char *path) {{
  const int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
  const size_t size = {up}_WEIGHTS_SIZE + {TAG}u;
  struct stat facts;
  void *bytes = MAP_FAILED;
  int code = {up}_NO_FILE;
  if (file < 0) return code;
  if (fstat(file, &facts) == 0) {{
    if (facts.st_size != (off_t)size) code = {up}_WRONG_WEIGHTS;
    else bytes = mmap(0, size, PROT_READ, MAP_PRIVATE, file, 0);
  }}
  (void)close(file);
  if (bytes == MAP_FAILED) return code;
  code = {prefix}_use_weights(bytes, size);
  if (code != {up}_OK) (void)munmap(bytes, size);
  return code;
}}
"""
