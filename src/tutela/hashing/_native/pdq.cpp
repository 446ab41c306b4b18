// The two box passes along both axes that PDQ takes its 64 x 64 samples from, in one sweep over
// the picture. Running sums go along one axis and are vectorised across the other, as equality
// with the reference needs every addition in its order; so squares of lanes are turned between
// the passes. Nothing is held but what the windows still need.

#include "pdq.hpp"

#include "lanes.hpp"

#if defined(__SSE4_2__)
#include <immintrin.h>
#endif

namespace LEVEL {
namespace {

constexpr float LUMA_SCALE = 1000.0f;

inline ptrdiff_t least(ptrdiff_t one, ptrdiff_t other) { return one < other ? one : other; }
inline ptrdiff_t most(ptrdiff_t one, ptrdiff_t other) { return one > other ? one : other; }
inline ptrdiff_t padded(ptrdiff_t size) { return (size + WIDTH - 1) / WIDTH * WIDTH; }

// One axis: its window, clipped at both ends, and the places kept in the end.
struct Axis {
    ptrdiff_t size, window, lead;
    ptrdiff_t kept[BLOCK];

    explicit Axis(ptrdiff_t n)
        : size(n), window((n + 2 * BLOCK - 1) / (2 * BLOCK)), lead((window + 2) / 2 - 1) {
        for (int cell = 0; cell < BLOCK; cell++)
            kept[cell] = ptrdiff_t((cell + 0.5) * double(n) / BLOCK);
    }
    // How many places the window holds that yields the mean for `place`.
    float held(ptrdiff_t place) const {
        return float(least(place + lead, size - 1) - most(place + lead - window, -1));
    }
    bool whole(ptrdiff_t place) const { return place + lead < size && place + lead >= window - 1; }
};

// Vectors of the last places of a pass along a row: a ring, zero before the first place.
struct Ring {
    Lanes* slots;
    ptrdiff_t mask;
    Lanes& operator[](ptrdiff_t place) { return slots[place & mask]; }
};

inline ptrdiff_t ring_slots(const Axis& axis) {
    ptrdiff_t slots = 2 * WIDTH;
    while (slots < axis.window + 2 * WIDTH) slots *= 2;
    return slots;
}

// Luma as the reference rounds it: 0.299 R + 0.587 G + 0.114 B in double, then to float. The
// same floats, for all 2^24 colours, are thousandths counted in integers and divided once.
inline Lanes luma(const uint8_t* rgb, const Divisor& thousand) {
#if defined(__AVX512BW__)
    const __m512i spread = _mm512_setr_epi32(0, 1, 2, 2, 3, 4, 5, 5, 6, 7, 8, 8, 9, 10, 11, 11);
    const __m512i bytes =
        _mm512_permutexvar_epi32(spread, _mm512_maskz_loadu_epi32(0x0fff, rgb));
    const __m512i red_green = _mm512_broadcast_i32x4(
        _mm_setr_epi8(0, -1, 1, -1, 3, -1, 4, -1, 6, -1, 7, -1, 9, -1, 10, -1));
    const __m512i blue = _mm512_broadcast_i32x4(
        _mm_setr_epi8(2, -1, -1, -1, 5, -1, -1, -1, 8, -1, -1, -1, 11, -1, -1, -1));
    const __m512i sum = _mm512_add_epi32(
        _mm512_madd_epi16(_mm512_shuffle_epi8(bytes, red_green), _mm512_set1_epi32(587 << 16 | 299)),
        _mm512_madd_epi16(_mm512_shuffle_epi8(bytes, blue), _mm512_set1_epi32(114)));
    return thousand((Lanes)_mm512_cvtepi32_ps(sum));
#elif defined(__SSE4_2__)
    const auto word = [](const uint8_t* at) {
        int32_t four;
        std::memcpy(&four, at, sizeof four);
        return four;
    };
    const __m128i red_green = _mm_setr_epi8(0, -1, 1, -1, 3, -1, 4, -1, 6, -1, 7, -1, 9, -1, 10, -1);
    const __m128i blue = _mm_setr_epi8(2, -1, -1, -1, 5, -1, -1, -1, 8, -1, -1, -1, 11, -1, -1, -1);
    Lanes counted;
    for (int part = 0; part < WIDTH / 4; part++) {
        // Twelve bytes, read without touching a thirteenth.
        const uint8_t* from = rgb + 12 * part;
        const __m128i bytes = _mm_insert_epi32(_mm_loadu_si64(from), word(from + 8), 2);
        const __m128i sum = _mm_add_epi32(
            _mm_madd_epi16(_mm_shuffle_epi8(bytes, red_green), _mm_set1_epi32(587 << 16 | 299)),
            _mm_madd_epi16(_mm_shuffle_epi8(bytes, blue), _mm_set1_epi32(114)));
        const __m128 four = _mm_cvtepi32_ps(sum);
        std::memcpy((float*)&counted + 4 * part, &four, sizeof four);
    }
    return thousand(counted);
#else
    Lanes counted;
    for (int lane = 0; lane < WIDTH; lane++)
        counted[lane] =
            float(299 * rgb[3 * lane] + 587 * rgb[3 * lane + 1] + 114 * rgb[3 * lane + 2]);
    return thousand(counted);
#endif
}

inline Lanes grey(const uint8_t* from) {
    Lanes lanes;
    for (int lane = 0; lane < WIDTH; lane++) lanes[lane] = float(from[lane]);
    return lanes;
}

// One sweep from the first row to the last, in bands of WIDTH rows.
class Sweep {
  public:
    Sweep(const Pixels& pixels, char* memory, float* block)
        : pixels_(pixels), down_(pixels.height), across_(pixels.width), stride_(padded(pixels.width)),
          rows_(rows_held(down_)), block_(block), thousand_(LUMA_SCALE), by_row_(float(across_.window)),
          by_column_(float(down_.window)) {
        char* next = memory;
        const auto take = [&next](ptrdiff_t floats) {
            char* taken = next;
            next += (floats * 4 + 63) / 64 * 64;
            return taken;
        };
        const ptrdiff_t slots = ring_slots(across_);
        ring_ = {(Lanes*)take(slots * WIDTH), slots - 1};
        once_ = (float*)take(rows_ * stride_);
        none_ = (float*)take(stride_);
        sums_ = (float*)take(stride_);
        thin_ = (float*)take((down_.window + 1) * BLOCK);
        std::memset(none_, 0, stride_ * 4);
        std::memset(sums_, 0, stride_ * 4);
        std::memset(thin_sums_, 0, sizeof thin_sums_);
    }

    static size_t room(ptrdiff_t height, ptrdiff_t width) {
        const Axis down(height), across(width);
        const ptrdiff_t stride = padded(width);
        return 4 * size_t(ring_slots(across) * WIDTH + (rows_held(down) + 2) * stride +
                          (down.window + 1) * BLOCK) + 5 * 64;
    }

    void run() {
        ptrdiff_t filtered = 0;
        const auto filter_to = [&](ptrdiff_t row) {
            for (; filtered < least(row, down_.size); filtered += WIDTH) filter_band(filtered);
        };
        filter_to(down_.lead);
        for (ptrdiff_t row = 0; row < down_.lead; row++) {
            const float* entering = row_of(row);
            for (ptrdiff_t x = 0; x < stride_; x += WIDTH)
                store(sums_ + x, load(sums_ + x) + load(entering + x));
        }
        for (ptrdiff_t first = 0; first < down_.size; first += WIDTH) {
            filter_to(first + WIDTH + down_.lead);
            sample_band(first);
        }
        finish();
    }

  private:
    static ptrdiff_t rows_held(const Axis& down) {
        return least(padded(down.size), padded(down.window + 3 * WIDTH));
    }
    float* row_of(ptrdiff_t row) { return once_ + row % rows_ * stride_; }
    const float* entering(ptrdiff_t row) { return row < down_.size ? row_of(row) : none_; }
    const float* leaving(ptrdiff_t row) {
        return row >= 0 && row < down_.size ? row_of(row) : none_;
    }

    // Means along the rows of one band, from pixels to `once_`.
    void filter_band(ptrdiff_t first) {
        for (ptrdiff_t slot = 0; slot <= ring_.mask; slot++) ring_.slots[slot] = Lanes{};
        const ptrdiff_t real = least(WIDTH, down_.size - first);
        float* to = row_of(first);
        Lanes total{}, square[WIDTH];
        ptrdiff_t x = 0;
        const auto emit = [&](Lanes mean) {
            square[x % WIDTH] = mean;
            if (++x % WIDTH == 0) put(square, to + x - WIDTH);
        };
        for (ptrdiff_t start = 0; start < across_.size; start += WIDTH) {
            Lanes tile[WIDTH];
            read(first, real, start, tile);
            transpose(tile);
            const ptrdiff_t end = least(start + WIDTH, across_.size);
            for (ptrdiff_t place = start; place < end; place++) ring_[place] = tile[place - start];
            if (across_.whole(start - across_.lead) && end == start + WIDTH) {
#pragma GCC unroll 16
                for (int column = 0; column < WIDTH; column++) {
                    total += tile[column];
                    total -= ring_[start + column - across_.window];
                    emit(by_row_(total));
                }
                continue;
            }
            for (ptrdiff_t place = start; place < end; place++) {
                total += tile[place - start];
                if (place >= across_.window) total -= ring_[place - across_.window];
                if (place >= across_.lead) emit(total / all(across_.held(place - across_.lead)));
            }
        }
        for (ptrdiff_t place = across_.size; x < across_.size; place++) {
            total -= ring_[place - across_.window];
            emit(total / all(across_.held(place - across_.lead)));
        }
        while (x % WIDTH) emit(Lanes{});
    }

    void put(Lanes* square, float* to) {
        Lanes turned[WIDTH];
        std::memcpy(turned, square, sizeof turned);
        transpose(turned);
#pragma GCC unroll 16
        for (int row = 0; row < WIDTH; row++) store(to + row * stride_, turned[row]);
    }

    // A square of luma: WIDTH places from `start` in `real` rows from `first`.
    void read(ptrdiff_t first, ptrdiff_t real, ptrdiff_t start, Lanes* tile) {
        const ptrdiff_t inside = least(WIDTH, across_.size - start);
        for (ptrdiff_t row = 0; row < WIDTH; row++) {
            if (row >= real) {
                tile[row] = Lanes{};
                continue;
            }
            const uint8_t* from =
                pixels_.first + (first + row) * pixels_.stride + start * pixels_.channels;
            uint8_t edge[3 * WIDTH];
            if (inside < WIDTH) {
                std::memset(edge, 0, sizeof edge);
                std::memcpy(edge, from, inside * pixels_.channels);
                from = edge;
            }
            tile[row] = pixels_.channels == 3 ? luma(from, thousand_) : grey(from);
        }
    }

    // Means along the columns of one band, then along its rows again, of which the kept are left.
    void sample_band(ptrdiff_t first) {
        const float *in[WIDTH], *out[WIDTH];
        Lanes held[WIDTH];
        bool whole = true;
        for (ptrdiff_t row = 0; row < WIDTH; row++) {
            const ptrdiff_t place = first + row;
            in[row] = entering(place + down_.lead);
            out[row] = leaving(place + down_.lead - down_.window);
            whole = whole && place < down_.size && down_.whole(place);
            held[row] = all(place < down_.size ? down_.held(place) : 1.0f);
        }
        for (ptrdiff_t slot = 0; slot <= ring_.mask; slot++) ring_.slots[slot] = Lanes{};
        Lanes total{}, kept[BLOCK];
        int cell = 0;
        const auto emit = [&](ptrdiff_t place, Lanes sum) {
            for (; cell < BLOCK && across_.kept[cell] == place; cell++)
                kept[cell] = sum / all(across_.held(place));
        };
        for (ptrdiff_t start = 0; start < across_.size; start += WIDTH) {
            Lanes tile[WIDTH], sums = load(sums_ + start);
            if (whole) {
#pragma GCC unroll 16
                for (int row = 0; row < WIDTH; row++) {
                    sums += load(in[row] + start);
                    sums -= load(out[row] + start);
                    tile[row] = by_column_(sums);
                }
            } else {
                for (int row = 0; row < WIDTH; row++) {
                    sums += load(in[row] + start);
                    sums -= load(out[row] + start);
                    tile[row] = sums / held[row];
                }
            }
            store(sums_ + start, sums);
            transpose(tile);
            const ptrdiff_t end = least(start + WIDTH, across_.size);
            for (ptrdiff_t place = start; place < end; place++) {
                ring_[place] = tile[place - start];
                total += tile[place - start];
                if (place >= across_.window) total -= ring_[place - across_.window];
                emit(place - across_.lead, total);
            }
        }
        for (ptrdiff_t place = across_.size; place < across_.size + across_.lead; place++) {
            total -= ring_[place - across_.window];
            emit(place - across_.lead, total);
        }
        float thin[BLOCK][WIDTH];
        std::memcpy(thin, kept, sizeof thin);
        for (ptrdiff_t row = 0; row < least(WIDTH, down_.size - first); row++) {
            float* samples = thin_ + (first + row) % (down_.window + 1) * BLOCK;
            for (int column = 0; column < BLOCK; column++) samples[column] = thin[column][row];
            settle(first + row, samples);
        }
    }

    // The last pass, along the columns that are left; keeps the rows at the cells' centres.
    void settle(ptrdiff_t row, const float* samples) {
        const ptrdiff_t gone = row - down_.window, place = row - down_.lead;
        for (int column = 0; column < BLOCK; column++) {
            if (samples) thin_sums_[column] += samples[column];
            if (gone >= 0) thin_sums_[column] -= thin_[gone % (down_.window + 1) * BLOCK + column];
        }
        for (; cell_ < BLOCK && down_.kept[cell_] == place; cell_++)
            for (int column = 0; column < BLOCK; column++)
                block_[cell_ * BLOCK + column] = thin_sums_[column] / down_.held(place);
    }

    void finish() {
        for (ptrdiff_t row = down_.size; row < down_.size + down_.lead; row++) settle(row, nullptr);
    }

    const Pixels& pixels_;
    const Axis down_, across_;
    const ptrdiff_t stride_, rows_;
    float* const block_;
    const Divisor thousand_, by_row_, by_column_;
    Ring ring_{};
    float *once_, *none_, *sums_, *thin_;
    float thin_sums_[BLOCK];
    int cell_ = 0;
};

size_t room(ptrdiff_t height, ptrdiff_t width) { return Sweep::room(height, width); }

void sample(const Pixels& pixels, char* memory, float* block) {
    Sweep(pixels, memory, block).run();
}

// All sums are of integers, so their order does not matter: every level and NumPy agree.
void weigh(const Pixels& grey, const Weights& down, const Weights& across, int32_t* row, float* block) {
    constexpr int LESS = 6, TILE = 64;  // 8 + 14 bits become 16, so that 14 more fit
    const auto some = [&](const uint8_t* top, const int16_t* weights, ptrdiff_t x, int wide) {
        int32_t sums[TILE] = {};
        for (ptrdiff_t tap = 0; tap < down.taps; tap++) {
            const uint8_t* from = top + tap * grey.stride + x;
            const int32_t weight = weights[tap];
            for (int place = 0; place < wide; place++) sums[place] += weight * from[place];
        }
        for (int place = 0; place < wide; place++)
            row[x + place] = (sums[place] + (1 << (LESS - 1))) >> LESS;
    };
    for (int cell = 0; cell < BLOCK; cell++) {
        const uint8_t* top = grey.first + down.first[cell] * grey.stride;
        const int16_t* weights = down.weights + cell * down.taps;
        ptrdiff_t x = 0;
        for (; x + TILE <= grey.width; x += TILE) some(top, weights, x, TILE);
        if (x < grey.width) some(top, weights, x, int(grey.width - x));
        for (int column = 0; column < BLOCK; column++) {
            const int32_t* from = row + across.first[column];
            const int16_t* beside = across.weights + column * across.taps;
            int32_t sum = 0;
            for (ptrdiff_t tap = 0; tap < across.taps; tap++) sum += from[tap] * beside[tap];
            block[cell * BLOCK + column] = float(sum) / float(1 << (8 + WEIGHT_BITS));
        }
    }
}

// Two matrix products, summed term by term in the reference's order.
void terms(const float* block, const float* cosines, float* terms) {
    alignas(64) float half[KEPT][BLOCK] = {}, turned[BLOCK][KEPT], whole[KEPT][KEPT] = {};
    for (int row = 0; row < KEPT; row++)
        for (int term = 0; term < BLOCK; term++) {
            turned[term][row] = cosines[row * BLOCK + term];
            const float factor = cosines[row * BLOCK + term];
            for (int column = 0; column < BLOCK; column++)
                half[row][column] += factor * block[term * BLOCK + column];
        }
    for (int row = 0; row < KEPT; row++)
        for (int term = 0; term < BLOCK; term++)
            for (int column = 0; column < KEPT; column++)
                whole[row][column] += half[row][term] * turned[term][column];
    std::memcpy(terms, whole, sizeof whole);
}

}  // namespace

extern const PdqKernels pdq_kernels;
const PdqKernels pdq_kernels = {room, sample, weigh, terms};

}  // namespace LEVEL
