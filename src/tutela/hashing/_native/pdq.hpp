// PDQ kernels. The same floats as the reference, operation by operation (see ../pdq.py).
#pragma once

#include <cstddef>
#include <cstdint>

#include "processor.hpp"

constexpr int BLOCK = 64;  // samples kept a side
constexpr int KEPT = 16;   // DCT terms kept a side

// Pixels of `channels` bytes (1 grey, 3 RGB), `stride` bytes from row to row.
struct Pixels {
    const uint8_t* first;
    ptrdiff_t height, width, stride;
    int channels;
};

// The weights with which the places of one axis enter its BLOCK samples: of each sample `taps`
// places from `first` on. They are integers that add up to 2^WEIGHT_BITS.
constexpr int WEIGHT_BITS = 14;
struct Weights {
    const int32_t* first;
    const int16_t* weights;
    ptrdiff_t taps;
};

struct PdqKernels {
    // Bytes of working memory that `block` needs.
    size_t (*room)(ptrdiff_t height, ptrdiff_t width);
    // Filter and sample to BLOCK x BLOCK; sides of at least 5. `memory` is aligned to 64.
    void (*block)(const Pixels&, char* memory, float* block);
    // Sample grey pixels to BLOCK x BLOCK by given weights. `row` has room for one row.
    void (*weigh)(const Pixels& grey, const Weights& down, const Weights& across, int32_t* row,
                  float* block);
    // The KEPT x KEPT lowest terms of the DCT, given its KEPT x BLOCK cosines.
    void (*terms)(const float* block, const float* cosines, float* terms);
};

#define DECLARE(level) \
    namespace level {  \
    extern const PdqKernels pdq_kernels; \
    }
FOR_EACH_LEVEL(DECLARE)
#undef DECLARE
