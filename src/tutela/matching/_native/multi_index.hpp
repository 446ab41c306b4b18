// The search kernels: 16 tables of 16-bit words over 256-bit hashes (see ../multi_index.py).
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "processor.hpp"

static_assert(std::endian::native == std::endian::little, "Segments are little-endian.");

constexpr int TABLES = 16;
constexpr uint32_t KEYS = 1 << 16;
constexpr int HASH_BYTES = 32;
constexpr int MOST_RADIUS = 63;
constexpr uint32_t MOST_ROWS = 1 << 24;
constexpr int ROW_BYTES = 3;
constexpr int ENTRY_BYTES = 2 + ROW_BYTES;

// Hashes of `rows` rows, and the tables over them. The entries of one key lie together: first the
// word beside the key of each (2 bytes), then the row of each (3 bytes).
struct Tables {
    const uint8_t* hashes;    // rows x 32
    const uint32_t* starts;   // 16 x 65537: entry numbers
    const uint8_t* entries;   // 16 x rows x 5
    uint32_t rows;
};

// What a search found, and where it is told.
struct Sink {
    void* to;
    void (*hit)(void* to, uint32_t query, uint32_t row, int distance);
};

enum class Searched { whole, corrupt };

struct SearchKernels {
    // Every row within `radius` of each query, told at least once.
    Searched (*search)(const Tables&, const uint8_t* queries, uint32_t count, int radius, const Sink&);
    // The same without tables, over rows that lie `stride` bytes apart.
    void (*scan)(const uint8_t* hashes, size_t rows, ptrdiff_t stride, const uint8_t* query,
                 uint32_t number, int radius, const Sink&);
};

#define DECLARE(level) \
    namespace level {  \
    extern const SearchKernels search_kernels; \
    }
FOR_EACH_LEVEL(DECLARE)
#undef DECLARE

// The differences of a 16-bit word, those of fewest bits first.
struct Differences {
    uint16_t words[697];
    int up_to[4];  // how many have at most so many bits

    constexpr Differences() : words(), up_to() {
        int count = 0;
        for (int bits = 0; bits < 4; bits++) {
            for (uint32_t word = 0; word < KEYS; word++)
                if (std::popcount(word) == bits) words[count++] = uint16_t(word);
            up_to[bits] = count;
        }
    }
};
