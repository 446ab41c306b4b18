// Radius search. By the pigeonhole principle two hashes within r bits share a 32-bit pair of words
// within r / 8 bits, and in it a 16-bit word within half of that. So a table is asked for the keys
// that near the query's word, and what its entries hold of the other word of the pair decides
// before any hash is read. None within the radius is missed.
//
// Memory is slow and the processor is not, so the steps (a query, a table) overlap: what a later
// step reads is fetched while an earlier one is at work.

#include "multi_index.hpp"

#include <cstring>

#if defined(__SSE4_2__)
#include <immintrin.h>
#endif

namespace LEVEL {
namespace {

constexpr Differences DIFFERENCES;
constexpr int LINE = 64;

// A scan reads all hashes in order; a search that would cost more than that gives up for it.
constexpr uint64_t ENTRIES_A_HASH = 4;   // entries looked through in the time of a hash scanned
constexpr uint64_t HASHES_A_CANDIDATE = 16;
constexpr uint64_t HASHES_A_KEY = 8;
constexpr uint64_t SCANNED_AT_ONCE = 1 << 14;

inline void fetch(const void* from) { __builtin_prefetch(from, 0, 3); }
inline void fetch_far(const void* from) { __builtin_prefetch(from, 0, 2); }

inline int distance(const uint8_t* one, const uint8_t* other) {
    uint64_t a[4], b[4];
    std::memcpy(a, one, sizeof a);
    std::memcpy(b, other, sizeof b);
    return __builtin_popcountll(a[0] ^ b[0]) + __builtin_popcountll(a[1] ^ b[1]) +
           __builtin_popcountll(a[2] ^ b[2]) + __builtin_popcountll(a[3] ^ b[3]);
}

inline uint16_t word(const uint8_t* hash, int table) {
    uint16_t value;
    std::memcpy(&value, hash + 2 * table, sizeof value);
    return value;
}

void scan(const uint8_t* hashes, size_t rows, ptrdiff_t stride, const uint8_t* query,
          uint32_t number, int radius, const Sink& sink) {
    size_t row = 0;
#if defined(__AVX512VPOPCNTDQ__)
    if (stride == HASH_BYTES) {
        const __m512i wanted = _mm512_broadcast_i64x4(_mm256_loadu_si256((const __m256i*)query));
        const __m512i most = _mm512_set1_epi64(radius);
        const auto counts = [&](size_t at) {
            return _mm512_popcnt_epi64(
                _mm512_xor_si512(_mm512_loadu_si512(hashes + at * HASH_BYTES), wanted));
        };
        for (; row + 8 <= rows; row += 8) {
            // Two hashes a register; sums of halves, then of quarters: eight distances in one.
            const __m512i one = counts(row), two = counts(row + 2), three = counts(row + 4),
                          four = counts(row + 6);
            const __m512i front = _mm512_add_epi64(_mm512_unpacklo_epi64(one, two),
                                                   _mm512_unpackhi_epi64(one, two));
            const __m512i back = _mm512_add_epi64(_mm512_unpacklo_epi64(three, four),
                                                  _mm512_unpackhi_epi64(three, four));
            const __m512i sums = _mm512_add_epi64(_mm512_shuffle_i64x2(front, back, 0x88),
                                                  _mm512_shuffle_i64x2(front, back, 0xdd));
            if (__builtin_expect(_mm512_cmple_epi64_mask(sums, most) == 0, 1)) continue;
            for (size_t near = row; near < row + 8; near++) {
                const int bits = distance(hashes + near * HASH_BYTES, query);
                if (bits <= radius) sink.hit(sink.to, number, uint32_t(near), bits);
            }
        }
    }
#endif
    for (; row < rows; row++) {
        const int bits = distance(hashes + ptrdiff_t(row) * stride, query);
        if (bits <= radius) sink.hit(sink.to, number, uint32_t(row), bits);
    }
}

// Calls found(place) for each of `count` words that is within `most` bits of `wanted`.
template <class Found>
inline void filter(const uint8_t* words, uint32_t count, uint16_t wanted, int most, Found found) {
    uint32_t place = 0;
#if defined(__AVX512BITALG__)
    const __m512i want = _mm512_set1_epi16(int16_t(wanted)), limit = _mm512_set1_epi16(int16_t(most));
    for (; place < count; place += 32) {
        const uint32_t left = count - place;
        const __mmask32 real = left >= 32 ? ~0u : (1u << left) - 1;
        const __m512i some = _mm512_maskz_loadu_epi16(real, words + 2 * place);
        __mmask32 near = _mm512_mask_cmple_epu16_mask(
            real, _mm512_popcnt_epi16(_mm512_xor_si512(some, want)), limit);
        for (; near; near &= near - 1) found(place + uint32_t(__builtin_ctz(near)));
    }
#else
#if defined(__AVX2__)
    const __m256i nibbles = _mm256_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4,
                                             0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4);
    const __m256i low = _mm256_set1_epi8(15), ones = _mm256_set1_epi8(1),
                  want = _mm256_set1_epi16(int16_t(wanted)),
                  limit = _mm256_set1_epi16(int16_t(most + 1));
    for (; place + 16 <= count; place += 16) {
        const __m256i apart =
            _mm256_xor_si256(_mm256_loadu_si256((const __m256i*)(words + 2 * place)), want);
        const __m256i bytes = _mm256_add_epi8(
            _mm256_shuffle_epi8(nibbles, _mm256_and_si256(apart, low)),
            _mm256_shuffle_epi8(nibbles, _mm256_and_si256(_mm256_srli_epi16(apart, 4), low)));
        uint32_t near = uint32_t(_mm256_movemask_epi8(
            _mm256_cmpgt_epi16(limit, _mm256_maddubs_epi16(bytes, ones))));
        // Two bits of the mask stand for one word.
        for (; near; near &= ~(3u << __builtin_ctz(near)))
            found(place + uint32_t(__builtin_ctz(near)) / 2);
    }
#endif
    for (; place < count; place++) {
        uint16_t some;
        std::memcpy(&some, words + 2 * place, sizeof some);
        if (__builtin_popcount(uint32_t(some ^ wanted)) <= most) found(place);
    }
#endif
}

class Search {
  public:
    Search(const Tables& tables, const uint8_t* queries, uint32_t count, int radius, const Sink& sink)
        : tables_(tables), queries_(queries), count_(count), radius_(radius), pair_(radius / 8),
          keys_(DIFFERENCES.up_to[pair_ / 2]), sink_(sink), budget_(SCANNED_AT_ONCE + tables.rows) {}

    Searched run() {
        if (cheaper_to_scan()) {
            for (uint32_t query = 0; query < count_; query++) scan_for(query);
            return Searched::whole;
        }
        const uint64_t steps = uint64_t(count_) * TABLES;
        for (uint64_t step = 0; step < 2 * AHEAD && step < steps; step++) fetch_starts(step);
        for (uint64_t step = 0; step < AHEAD && step < steps; step++) find_ranges(step);
        for (uint64_t step = 0; step < steps; step++) {
            if (step + 2 * AHEAD < steps) fetch_starts(step + 2 * AHEAD);
            if (step + AHEAD < steps) find_ranges(step + AHEAD);
            if (step % TABLES == 0) begin();
            look_through(step);
            advance();
            if (step % TABLES == TABLES - 1 && flooded_) {
                settle_all();
                scan_for(uint32_t(step / TABLES));
            }
        }
        settle_all();
        return corrupt_ ? Searched::corrupt : Searched::whole;
    }

  private:
    static constexpr uint64_t AHEAD = 2;
    static constexpr uint32_t PENDING = 1 << 10;
    struct Range {
        uint32_t from, to;
    };
    // A row that may be near: where its number lies, then the number itself.
    struct Candidate {
        const uint8_t* at;
        uint32_t query, row;
    };

    bool cheaper_to_scan() const {
        return tables_.rows < uint64_t(keys_) * TABLES * HASHES_A_KEY;
    }
    const uint8_t* query(uint32_t number) const { return queries_ + size_t(number) * HASH_BYTES; }
    static int table_of(uint64_t step) { return int(step % TABLES); }
    const uint32_t* starts_of(uint64_t step) const {
        return tables_.starts + size_t(table_of(step)) * (KEYS + 1);
    }
    uint16_t key_of(uint64_t step) const {
        return word(query(uint32_t(step / TABLES)), table_of(step));
    }
    const uint8_t* entries_of(uint64_t step) const {
        return tables_.entries + size_t(table_of(step)) * tables_.rows * ENTRY_BYTES;
    }

    void fetch_starts(uint64_t step) const {
        const uint32_t* starts = starts_of(step);
        const uint16_t key = key_of(step);
        for (int place = 0; place < keys_; place++) fetch_far(starts + (key ^ DIFFERENCES.words[place]));
    }

    void find_ranges(uint64_t step) {
        const uint32_t* starts = starts_of(step);
        const uint8_t* entries = entries_of(step);
        const uint16_t key = key_of(step);
        Range* ranges = ranges_[step % (AHEAD + 1)];
        for (int place = 0; place < keys_; place++) {
            const uint32_t near = uint32_t(key ^ DIFFERENCES.words[place]);
            Range range = {starts[near], starts[near + 1]};
            if (__builtin_expect(range.from > range.to || range.to > tables_.rows, 0)) {
                corrupt_ = true;
                range = {0, 0};
            }
            ranges[place] = range;
            const uint8_t* at = entries + size_t(range.from) * ENTRY_BYTES;
            const uint8_t* end = at + 2 * size_t(range.to - range.from);
            constexpr int MOST_LINES = 32;
            if (end > at + MOST_LINES * LINE) end = at + MOST_LINES * LINE;
            for (; at < end; at += LINE) fetch_far(at);
            if (range.to > range.from) fetch_far(end - 1);
        }
    }

    void begin() {
        spent_ = 0;
        flooded_ = false;
    }

    void look_through(uint64_t step) {
        const uint8_t* entries = entries_of(step);
        const uint32_t number = uint32_t(step / TABLES);
        const uint16_t wanted = word(query(number), table_of(step) ^ 1);
        const Range* ranges = ranges_[step % (AHEAD + 1)];
        int place = 0;
        for (int bits = 0; bits <= pair_ / 2; bits++)
            for (; place < DIFFERENCES.up_to[bits]; place++) {
                const Range range = ranges[place];
                const uint32_t held = range.to - range.from;
                if (!held) continue;
                spent_ += held / ENTRIES_A_HASH;
                if (__builtin_expect(spent_ > budget_, 0)) flooded_ = true;
                if (__builtin_expect(flooded_, 0)) return;
                const uint8_t* words = entries + size_t(range.from) * ENTRY_BYTES;
                const uint8_t* rows = words + 2 * size_t(held);
                filter(words, held, wanted, pair_ - bits, [&](uint32_t found) {
                    propose(rows + size_t(found) * ROW_BYTES, number);
                });
            }
    }

    inline void propose(const uint8_t* at, uint32_t number) {
        if (__builtin_expect(proposed_ - settled_ == PENDING, 0)) settle_all();
        fetch(at);
        candidates_[proposed_++ % PENDING] = {at, number, 0};
        spent_ += HASHES_A_CANDIDATE;
    }

    // A candidate is proposed in one step, its row read in the next, its hash in the one after.
    void advance() {
        settle_to(read_);
        read_to(known_);
        known_ = proposed_;
    }
    void settle_all() {
        read_to(proposed_);
        settle_to(proposed_);
        known_ = proposed_;
    }
    void read_to(uint32_t end) {
        for (; read_ != end; read_++) {
            Candidate& candidate = candidates_[read_ % PENDING];
            candidate.row = uint32_t(candidate.at[0]) | uint32_t(candidate.at[1]) << 8 |
                            uint32_t(candidate.at[2]) << 16;
            if (__builtin_expect(candidate.row >= tables_.rows, 0)) {
                corrupt_ = true;
                candidate.row = 0;
            }
            fetch(tables_.hashes + size_t(candidate.row) * HASH_BYTES);
        }
    }
    void settle_to(uint32_t end) {
        for (; settled_ != end; settled_++) {
            const Candidate& candidate = candidates_[settled_ % PENDING];
            const int bits = distance(tables_.hashes + size_t(candidate.row) * HASH_BYTES,
                                      query(candidate.query));
            if (bits <= radius_) sink_.hit(sink_.to, candidate.query, candidate.row, bits);
        }
    }

    void scan_for(uint32_t number) const {
        scan(tables_.hashes, tables_.rows, HASH_BYTES, query(number), number, radius_, sink_);
    }

    const Tables& tables_;
    const uint8_t* const queries_;
    const uint32_t count_;
    const int radius_, pair_, keys_;
    const Sink& sink_;
    const uint64_t budget_;
    uint64_t spent_ = 0;
    bool flooded_ = false, corrupt_ = false;
    Range ranges_[AHEAD + 1][697];
    Candidate candidates_[PENDING];
    uint32_t proposed_ = 0, known_ = 0, read_ = 0, settled_ = 0;
};

Searched search(const Tables& tables, const uint8_t* queries, uint32_t count, int radius,
                const Sink& sink) {
    return Search(tables, queries, count, radius, sink).run();
}

}  // namespace

extern const SearchKernels search_kernels;
const SearchKernels search_kernels = {search, scan};

}  // namespace LEVEL
