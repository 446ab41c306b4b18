// Vectors of floats as wide as the level's registers, in the extensions GCC and Clang share.
// To be included by kernels only: everything in here belongs to one level's namespace.
#pragma once

#include <cstdint>
#include <cstring>

#if defined(__AVX2__)
#include <immintrin.h>
#endif

namespace LEVEL {

#if defined(__AVX512F__)
constexpr int WIDTH = 16;
#elif defined(__AVX2__)
constexpr int WIDTH = 8;
#else
constexpr int WIDTH = 4;
#endif

typedef float Lanes __attribute__((vector_size(WIDTH * 4)));
typedef int32_t Places __attribute__((vector_size(WIDTH * 4)));

static inline Lanes load(const float* from) {
    Lanes lanes;
    std::memcpy(&lanes, from, sizeof lanes);
    return lanes;
}

static inline void store(float* to, Lanes lanes) { std::memcpy(to, &lanes, sizeof lanes); }

static inline Lanes all(float value) { return value - Lanes{}; }

#if defined(__AVX512F__)
// Turn a square of lanes: pairs and quarters within 128 bits, then those among each other. Such
// instructions are cheaper than ones that cross all lanes.
static inline void transpose(Lanes* square) {
    constexpr int EVEN = 0x88, ODD = 0xdd;
    __m512 pairs[16], quads[16], halves[16];
#pragma GCC unroll 8
    for (int row = 0; row < 16; row += 2) {
        pairs[row] = _mm512_unpacklo_ps((__m512)square[row], (__m512)square[row + 1]);
        pairs[row + 1] = _mm512_unpackhi_ps((__m512)square[row], (__m512)square[row + 1]);
    }
    const auto low = [](__m512 one, __m512 other) {
        return _mm512_castpd_ps(
            _mm512_unpacklo_pd(_mm512_castps_pd(one), _mm512_castps_pd(other)));
    };
    const auto high = [](__m512 one, __m512 other) {
        return _mm512_castpd_ps(
            _mm512_unpackhi_pd(_mm512_castps_pd(one), _mm512_castps_pd(other)));
    };
#pragma GCC unroll 4
    for (int row = 0; row < 16; row += 4) {
        quads[row] = low(pairs[row], pairs[row + 2]);
        quads[row + 1] = high(pairs[row], pairs[row + 2]);
        quads[row + 2] = low(pairs[row + 1], pairs[row + 3]);
        quads[row + 3] = high(pairs[row + 1], pairs[row + 3]);
    }
#pragma GCC unroll 4
    for (int column = 0; column < 4; column++) {
        halves[column] = _mm512_shuffle_f32x4(quads[column], quads[column + 4], EVEN);
        halves[column + 4] = _mm512_shuffle_f32x4(quads[column], quads[column + 4], ODD);
        halves[column + 8] = _mm512_shuffle_f32x4(quads[column + 8], quads[column + 12], EVEN);
        halves[column + 12] = _mm512_shuffle_f32x4(quads[column + 8], quads[column + 12], ODD);
    }
#pragma GCC unroll 8
    for (int column = 0; column < 8; column++) {
        square[column] = (Lanes)_mm512_shuffle_f32x4(halves[column], halves[column + 8], EVEN);
        square[column + 8] = (Lanes)_mm512_shuffle_f32x4(halves[column], halves[column + 8], ODD);
    }
}
#else
#if defined(__clang__)
#define PICK(one, other, ...) __builtin_shufflevector(one, other, __VA_ARGS__)
#else
#define PICK(one, other, ...) __builtin_shuffle(one, other, Places{__VA_ARGS__})
#endif

#if !defined(__AVX2__)
#define LOW_HALVES 0, 4, 1, 5
#define HIGH_HALVES 2, 6, 3, 7
#endif

// The halves of two vectors, interleaved.
static inline void interleave(Lanes one, Lanes other, Lanes& low, Lanes& high) {
#if defined(__AVX2__)
    // Compilers find more instructions than these.
    const __m256 front = _mm256_unpacklo_ps((__m256)one, (__m256)other);
    const __m256 back = _mm256_unpackhi_ps((__m256)one, (__m256)other);
    low = (Lanes)_mm256_permute2f128_ps(front, back, 0x20);
    high = (Lanes)_mm256_permute2f128_ps(front, back, 0x31);
#else
    low = PICK(one, other, LOW_HALVES);
    high = PICK(one, other, HIGH_HALVES);
#endif
}

// Turn a square of lanes: log2(WIDTH) rounds, each of which interleaves the halves.
static inline void transpose(Lanes* square) {
    Lanes turned[WIDTH];
#pragma GCC unroll 4
    for (int round = 1; round < WIDTH; round *= 2) {
#pragma GCC unroll 16
        for (int row = 0; row < WIDTH / 2; row++) {
            interleave(square[row], square[row + WIDTH / 2], turned[2 * row], turned[2 * row + 1]);
        }
#pragma GCC unroll 16
        for (int row = 0; row < WIDTH; row++) square[row] = turned[row];
    }
}
#endif

// Divides by one number, rounded as IEEE 754 division rounds. Where products can be fused, the
// product with the reciprocal is corrected by its remainder, which gives the same floats as
// division for every divisor up to MOST: tests/native/division.cpp tries all mantissas.
class Divisor {
  public:
    static constexpr int MOST = 1024;

    explicit Divisor(float by) : by_(all(by)), inverse_(all(1.0f / by)), fused_(by <= MOST) {}

    inline Lanes operator()(Lanes of) const {
#if defined(__FMA__)
        if (__builtin_expect(fused_, 1)) {
            const Lanes near = of * inverse_;
            return fused(fused(-near, by_, of), inverse_, near);
        }
#endif
        return of / by_;
    }

  private:
#if defined(__FMA__)
    static inline Lanes fused(Lanes one, Lanes other, Lanes plus) {
#if defined(__AVX512F__)
        return (Lanes)_mm512_fmadd_ps((__m512)one, (__m512)other, (__m512)plus);
#else
        return (Lanes)_mm256_fmadd_ps((__m256)one, (__m256)other, (__m256)plus);
#endif
    }
#endif
    Lanes by_, inverse_;
    bool fused_;
};

}  // namespace LEVEL
