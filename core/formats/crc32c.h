/* CRC-32C (Castagnoli, reflected 0x82F63B78), and the masked form of TFRecord files. Pure; any thread may call. */
#ifndef CORE_FORMATS_CRC32C_H
#define CORE_FORMATS_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* `before` is 0, or what the bytes before gave. */
uint32_t crc32c(uint32_t before, const void *data, size_t size);

/* As TFRecord writes it: turned by 15 bits, plus a constant. */
uint32_t crc32c_masked(const void *data, size_t size);

#endif
