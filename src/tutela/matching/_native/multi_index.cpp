// Radius search. By the pigeonhole principle (see ../multi_index.py) two hashes within r bits share
// a 32-bit pair of words within that pair's share of the bits, and in it a 16-bit word within half
// of those. So a table is asked for the keys that near the query's word, and what its entries hold
// of the other word of the pair decides before any hash is read. None within the radius is missed.
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
constexpr int PAIRS = TABLES / 2;

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

// Calls found(place) for each of `count` words that is within `most` bits of `wanted`. What lies
// between them and `end` may be read, too.
template <class Found>
inline void filter(const uint8_t* words, uint32_t count, [[maybe_unused]] const uint8_t* end,
                   uint16_t wanted, int most, Found found) {
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
    const auto sixteen = [&](const uint8_t* from) {
        const __m256i apart = _mm256_xor_si256(_mm256_loadu_si256((const __m256i*)from), want);
        const __m256i bytes = _mm256_add_epi8(
            _mm256_shuffle_epi8(nibbles, _mm256_and_si256(apart, low)),
            _mm256_shuffle_epi8(nibbles, _mm256_and_si256(_mm256_srli_epi16(apart, 4), low)));
        return uint64_t(uint32_t(_mm256_movemask_epi8(
            _mm256_cmpgt_epi16(limit, _mm256_maddubs_epi16(bytes, ones)))));
    };
    // Few or many, 32 words are compared at once: the processor cannot foresee how many there are,
    // and a wrong guess takes as long as all 32.
    for (; place < count && end - (words + 2 * size_t(place)) >= LINE; place += 32) {
        const uint8_t* from = words + 2 * size_t(place);
        const uint32_t left = count - place;
        // Two bits of the mask stand for one word.
        uint64_t near =
            _bzhi_u64(sixteen(from) | sixteen(from + 32) << 32, left < 32 ? 2 * left : LINE);
        for (; near; near &= ~(uint64_t(3) << __builtin_ctzll(near)))
            found(place + uint32_t(__builtin_ctzll(near)) / 2);
    }
#endif
    for (; place < count; place++) {
        uint16_t some;
        std::memcpy(&some, words + 2 * place, sizeof some);
        if (__builtin_popcount(uint32_t(some ^ wanted)) <= most) found(place);
    }
#endif
}

// One query asks one table. Of many queries all ask the first table, then all the second: so what
// is read lies close together.
struct Step {
    uint32_t query;
    int table;
};

class Search {
  public:
    Search(const Tables& tables, const uint8_t* queries, uint32_t first, uint32_t count, int radius,
           const Sink& sink)
        : tables_(tables), queries_(queries + size_t(first) * HASH_BYTES), first_(first),
          count_(count), radius_(radius), sink_(sink), budget_(SCANNED_AT_ONCE + tables.rows) {
        for (int table = 0; table < TABLES; table++) {
            // Eight shares of r + 1 bits in all; a pair within fewer bits than its share is met.
            const int share = (radius + 1) / PAIRS + (table / 2 < (radius + 1) % PAIRS);
            pair_bits_[table] = share - 1;
            key_bits_[table] = table % 2 == 0 ? (share + 1) / 2 - 1 : share / 2 - 1;
            keys_[table] = key_bits_[table] < 0 ? 0 : DIFFERENCES.up_to[key_bits_[table]];
        }
    }

    static constexpr uint32_t MOST_QUERIES = 1 << 10;

    Searched run() {
        if (cheaper_to_scan()) {
            for (uint32_t query = 0; query < count_; query++) scan_for(query);
            return Searched::whole;
        }
        std::memset(spent_, 0, sizeof(spent_[0]) * count_);
        Step far = {0, 0}, near = {0, 0}, now = {0, 0};
        uint32_t slot_near = 0, slot_now = 0;
        for (int ahead = 0; ahead < 2 * AHEAD; ahead++) next(far, [&] { fetch_starts(far); });
        for (int ahead = 0; ahead < AHEAD; ahead++)
            next(near, [&] { find_buckets(near, buckets_[slot_near++ % SLOTS]); });
        while (now.table < TABLES) {
            next(far, [&] { fetch_starts(far); });
            next(near, [&] { find_buckets(near, buckets_[slot_near++ % SLOTS]); });
            next(now, [&] { look_through(now, buckets_[slot_now++ % SLOTS]); });
            advance();
        }
        settle_all();
        return corrupt_ ? Searched::corrupt : Searched::whole;
    }

  private:
    static constexpr int AHEAD = 2, SLOTS = AHEAD + 1;
    static constexpr uint32_t PENDING = 1 << 10;
    // The entries of one key: where they begin, and how many there are.
    struct Bucket {
        const uint8_t* words;
        uint32_t held;
    };
    // A row that may be near: where its number lies, then the number itself.
    struct Candidate {
        const uint8_t* at;
        uint32_t query, row;
    };

    template <class Work>
    inline void next(Step& step, Work work) const {
        if (step.table == TABLES) return;
        work();
        if (++step.query == count_) step = {0, step.table + 1};
    }

    bool cheaper_to_scan() const {
        uint64_t keys = 0;
        for (int table = 0; table < TABLES; table++) keys += uint64_t(keys_[table]);
        return tables_.rows < keys * HASHES_A_KEY;
    }
    const uint8_t* query(uint32_t number) const { return queries_ + size_t(number) * HASH_BYTES; }
    const uint32_t* starts_of(Step step) const {
        return tables_.starts + size_t(step.table) * (KEYS + 1);
    }
    uint16_t key_of(Step step) const { return word(query(step.query), step.table); }
    const uint8_t* entries_of(Step step) const {
        return tables_.entries + size_t(step.table) * tables_.rows * ENTRY_BYTES;
    }

    void fetch_starts(Step step) const {
        const uint32_t* starts = starts_of(step);
        const uint16_t key = key_of(step);
        for (int place = 0; place < keys_[step.table]; place++) fetch_far(starts + (key ^ DIFFERENCES.words[place]));
    }

    void find_buckets(Step step, Bucket* buckets) {
        const uint32_t* starts = starts_of(step);
        const uint8_t* entries = entries_of(step);
        const uint16_t key = key_of(step);
        for (int place = 0; place < keys_[step.table]; place++) {
            const uint32_t near = uint32_t(key ^ DIFFERENCES.words[place]);
            uint32_t from = starts[near], to = starts[near + 1];
            if (__builtin_expect(from > to || to > tables_.rows, 0)) {
                corrupt_ = true;
                from = to = 0;
            }
            const uint8_t* at = entries + size_t(from) * ENTRY_BYTES;
            buckets[place] = {at, to - from};
            // Two lines whatever there is, and one more than there is: what follows the last
            // words is read with them.
            fetch_far(at);
            fetch_far(at + LINE);
            const uint8_t* last = at + (2 * size_t(to - from) + LINE - 1) / LINE * LINE;
            if (last > at + MOST_FETCHED) last = at + MOST_FETCHED;
            for (at += 2 * LINE; at <= last; at += LINE) fetch_far(at);
        }
    }

    void look_through(Step step, const Bucket* buckets) {
        uint64_t& spent = spent_[step.query];
        if (__builtin_expect(spent > budget_, 0)) return;
        const uint8_t* end = tables_.entries + size_t(TABLES) * tables_.rows * ENTRY_BYTES;
        const uint16_t wanted = word(query(step.query), step.table ^ 1);
        int place = 0;
        for (int bits = 0; bits <= key_bits_[step.table]; bits++)
            for (; place < DIFFERENCES.up_to[bits]; place++) {
                const Bucket bucket = buckets[place];
                const uint8_t* rows = bucket.words + 2 * size_t(bucket.held);
                const uint32_t before = proposed_;
                filter(bucket.words, bucket.held, end, wanted, pair_bits_[step.table] - bits,
                       [&](uint32_t found) {
                           propose(rows + size_t(found) * ROW_BYTES, step.query);
                       });
                spent += bucket.held / ENTRIES_A_HASH +
                         uint64_t(proposed_ - before) * HASHES_A_CANDIDATE;
                if (__builtin_expect(spent > budget_, 0)) {
                    // What the other tables would tell again is told by the scan.
                    scan_for(step.query);
                    return;
                }
            }
    }

    inline void propose(const uint8_t* at, uint32_t number) {
        if (__builtin_expect(proposed_ - settled_ == PENDING, 0)) settle_all();
        fetch(at);
        candidates_[proposed_++ % PENDING] = {at, number, 0};
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
            if (bits <= radius_)
                sink_.hit(sink_.to, first_ + candidate.query, candidate.row, bits);
        }
    }

    void scan_for(uint32_t number) const {
        scan(tables_.hashes, tables_.rows, HASH_BYTES, query(number), first_ + number, radius_, sink_);
    }

    static constexpr int MOST_FETCHED = 32 * LINE;

    const Tables& tables_;
    const uint8_t* const queries_;
    const uint32_t first_, count_;
    const int radius_;
    const Sink& sink_;
    const uint64_t budget_;
    int pair_bits_[TABLES], key_bits_[TABLES], keys_[TABLES];
    bool corrupt_ = false;
    Bucket buckets_[SLOTS][697];
    Candidate candidates_[PENDING];
    uint32_t proposed_ = 0, known_ = 0, read_ = 0, settled_ = 0;
    uint64_t spent_[MOST_QUERIES];
};

Searched search(const Tables& tables, const uint8_t* queries, uint32_t count, int radius,
                const Sink& sink) {
    Searched all = Searched::whole;
    for (uint32_t first = 0; first < count; first += Search::MOST_QUERIES) {
        const uint32_t left = count - first;
        const uint32_t some = left < Search::MOST_QUERIES ? left : Search::MOST_QUERIES;
        if (Search(tables, queries, first, some, radius, sink).run() == Searched::corrupt)
            all = Searched::corrupt;
    }
    return all;
}

}  // namespace

extern const SearchKernels search_kernels;
const SearchKernels search_kernels = {search, scan};

}  // namespace LEVEL
