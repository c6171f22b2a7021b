#include "serving/routing/prefix_index.hpp"

#include <algorithm>
#include <bit>
#include <limits>
#include <stdexcept>
#include <utility>

namespace headway::serving {
namespace {

constexpr std::size_t LEAST_TABLE = 1024;
constexpr std::size_t WORD = 64;
constexpr std::size_t AHEAD = 8;  // blocks whose memory is under way

// Blocks too old that one call drops besides as many as it brings: no call takes long.
constexpr std::size_t SOME = 64;

void check(Int engine) {
    if (engine < 0 || engine >= PrefixIndex::MOST_ENGINES) {
        throw std::out_of_range("prefix index: no such engine");
    }
}

int shift_of(std::size_t table) { return 64 - std::countr_zero(table); }

}  // namespace

PrefixIndex::PrefixIndex(Int capacity, double ttl_s)
    : capacity_(static_cast<std::size_t>(capacity)),
      ttl_s_(ttl_s),
      ages_(ttl_s < std::numeric_limits<double>::infinity()),
      table_(LEAST_TABLE),
      shift_(shift_of(LEAST_TABLE)) {
    if (capacity < 1 || capacity > Int{1} << 30) {
        throw std::invalid_argument("prefix index: capacity must be from 1 to 2^30 blocks");
    }
    if (!(ttl_s > 0)) {
        throw std::invalid_argument("prefix index: ttl_s must be positive");
    }
}

std::vector<Int> PrefixIndex::match(Ints blocks, Int n_engines, double now_s) {
    if (n_engines < 0 || n_engines > MOST_ENGINES) {
        throw std::out_of_range("prefix index: no such number of engines");
    }
    const auto n = static_cast<std::size_t>(n_engines);
    const std::size_t words = (n + WORD - 1) / WORD;
    std::vector<Int> depth(n, 0);
    left_.assign(words, ~Word{0});
    if (n % WORD) {
        left_.back() = (Word{1} << n % WORD) - 1;
    }
    const auto set = [&](std::size_t word, Word engines, Int value) {
        for (; engines; engines &= engines - 1) {
            depth[word * WORD + static_cast<std::size_t>(std::countr_zero(engines))] = value;
        }
    };
    Int matched = 0;
    for (std::size_t i = 0; i < blocks.size(); ++i) {
        fetch(blocks, i + AHEAD);
        const Number number = find(blocks[i]);
        const bool known = number != NONE && !is_old(number, now_s);
        bool some = false;
        for (std::size_t w = 0; w < words; ++w) {
            const Word still = known && w < words_ ? left_[w] & held(number)[w] : 0;
            set(w, left_[w] & ~still, matched);
            left_[w] = still;
            some = some || still;
        }
        if (!some) {
            return depth;
        }
        ++matched;
    }
    for (std::size_t w = 0; w < words; ++w) {
        set(w, left_[w], matched);
    }
    return depth;
}

void PrefixIndex::add(Ints blocks, Int engine, double now_s) {
    check(engine);
    widen(engine);
    const auto word = static_cast<std::size_t>(engine) / WORD;
    const Word bit = Word{1} << static_cast<std::size_t>(engine) % WORD;
    for (std::size_t i = blocks.size(); i-- > 0;) {
        fetch(blocks, i - AHEAD);
        Number number = find(blocks[i]);
        if (number == NONE) {
            number = insert(blocks[i]);
        } else {
            if (is_old(number, now_s)) {
                std::fill_n(held(number), words_, Word{0});
            }
            touch(number);
        }
        nodes_[number].used_s = now_s;
        held(number)[word] |= bit;
    }
    trim(now_s, SOME + blocks.size());
}

void PrefixIndex::add_all(Ints blocks, Ints offsets, Ints engines, double now_s) {
    if (offsets.size() != engines.size() + 1 || offsets.front() != 0 ||
        offsets.back() != static_cast<Int>(blocks.size()) ||
        !std::is_sorted(offsets.begin(), offsets.end())) {
        throw std::invalid_argument("prefix index: offsets are not those of prompts");
    }
    for (std::size_t i = 0; i < engines.size(); ++i) {
        const auto begin = static_cast<std::size_t>(offsets[i]);
        const auto end = static_cast<std::size_t>(offsets[i + 1]);
        if (begin < end) {
            add(blocks.subspan(begin, end - begin), engines[i], now_s);
        }
    }
}

void PrefixIndex::forget(Int engine) {
    check(engine);
    const auto word = static_cast<std::size_t>(engine) / WORD;
    if (word >= words_) {
        return;
    }
    const Word bit = Word{1} << static_cast<std::size_t>(engine) % WORD;
    gone_.clear();
    for (Number number = 0; number < nodes_.size(); ++number) {
        if (held(number)[word] & bit) {
            held(number)[word] &= ~bit;
            if (!is_held(number)) {
                gone_.push_back(number);
            }
        }
    }
    if (4 * gone_.size() > 3 * size_) {  // cheaper than to remove so many one by one
        rebuild();
    } else {
        for (std::size_t i = 0; i < gone_.size(); ++i) {
            fetch(nodes_[gone_[std::min(i + AHEAD, gone_.size() - 1)]].block);
            remove(gone_[i]);
        }
    }
}

// Where a block stands in the table, or the free place where it would.
std::size_t PrefixIndex::place(Int block) const {
    const std::size_t mask = table_.size() - 1;
    std::size_t at = home(block);
    while (table_[at].number != NONE && table_[at].block != block) {
        at = (at + 1) & mask;
    }
    return at;
}

// Has the memory of a block on its way before it is needed; i may be beyond either end.
void PrefixIndex::fetch(Ints blocks, std::size_t i) const {
    if (i < blocks.size()) {
        fetch(blocks[i]);
    }
}

void PrefixIndex::fetch([[maybe_unused]] Int block) const {
#if defined(__GNUC__)
    __builtin_prefetch(&table_[home(block)]);
#endif
}

PrefixIndex::Number PrefixIndex::insert(Int block) {
    if (2 * (size_ + 1) > table_.size()) {
        grow();
    }
    Number number;
    if (spare_.empty()) {
        number = static_cast<Number>(nodes_.size());
        nodes_.push_back({});
        holders_.resize(holders_.size() + words_, 0);
    } else {
        number = spare_.back();
        spare_.pop_back();
    }
    nodes_[number] = {block, 0, newest_, NONE};
    (newest_ == NONE ? oldest_ : nodes_[newest_].newer) = number;
    newest_ = number;
    table_[place(block)] = {block, number};
    ++size_;
    return number;
}

// Closes the gap in the table, so that no search ends at it.
void PrefixIndex::remove(Number number) {
    const std::size_t mask = table_.size() - 1;
    std::size_t gap = place(nodes_[number].block);
    for (std::size_t at = (gap + 1) & mask; table_[at].number != NONE; at = (at + 1) & mask) {
        if (((at - home(table_[at].block)) & mask) >= ((at - gap) & mask)) {
            table_[gap] = table_[at];
            gap = at;
        }
    }
    table_[gap] = {};
    unlink(number);
    std::fill_n(held(number), words_, Word{0});
    spare_.push_back(number);
    --size_;
}

// Puts the blocks that somebody holds into a table of their own, in the order of their use.
void PrefixIndex::rebuild() {
    std::vector<Node> nodes;
    std::vector<Word> holders;
    for (Number number = oldest_; number != NONE; number = nodes_[number].newer) {
        if (is_held(number)) {
            const auto next = static_cast<Number>(nodes.size());
            nodes.push_back({nodes_[number].block, nodes_[number].used_s, next - 1, next + 1});
            holders.insert(holders.end(), held(number), held(number) + words_);
        }
    }
    size_ = nodes.size();
    oldest_ = newest_ = NONE;
    if (size_) {
        oldest_ = 0;
        newest_ = static_cast<Number>(size_ - 1);
        nodes.front().older = nodes.back().newer = NONE;
    }
    nodes_ = std::move(nodes);
    holders_ = std::move(holders);
    spare_.clear();
    table_ = std::vector<Place>(std::max(LEAST_TABLE, std::bit_ceil(2 * (size_ + 1))));
    shift_ = shift_of(table_.size());
    for (std::size_t number = 0; number < size_; ++number) {
        fetch(nodes_[std::min(number + AHEAD, size_ - 1)].block);
        table_[place(nodes_[number].block)] = {nodes_[number].block,
                                              static_cast<Number>(number)};
    }
}

void PrefixIndex::touch(Number number) {
    if (number == newest_) {
        return;
    }
    unlink(number);
    nodes_[number].older = newest_;
    nodes_[number].newer = NONE;
    nodes_[newest_].newer = number;
    newest_ = number;
}

void PrefixIndex::unlink(Number number) {
    const Node& node = nodes_[number];
    (node.older == NONE ? oldest_ : nodes_[node.older].newer) = node.newer;
    (node.newer == NONE ? newest_ : nodes_[node.newer].older) = node.older;
}

// Drops what is too much, and some of what is too old.
void PrefixIndex::trim(double now_s, std::size_t most_old) {
    while (size_ > capacity_) {
        remove(oldest_);
    }
    for (; most_old && size_ && is_old(oldest_, now_s); --most_old) {
        remove(oldest_);
    }
}

void PrefixIndex::grow() {
    std::vector<Place> old(2 * table_.size());
    old.swap(table_);
    shift_ = shift_of(table_.size());
    for (const Place& one : old) {
        if (one.number != NONE) {
            table_[place(one.block)] = one;
        }
    }
}

// Makes room for the bit of an engine.
void PrefixIndex::widen(Int engine) {
    const std::size_t words = static_cast<std::size_t>(engine) / WORD + 1;
    if (words <= words_) {
        return;
    }
    std::vector<Word> wider(nodes_.size() * words, 0);
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
        std::copy_n(holders_.begin() + static_cast<std::ptrdiff_t>(i * words_), words_,
                    wider.begin() + static_cast<std::ptrdiff_t>(i * words));
    }
    holders_ = std::move(wider);
    words_ = words;
}

bool PrefixIndex::is_held(Number number) {
    for (std::size_t w = 0; w < words_; ++w) {
        if (held(number)[w]) {
            return true;
        }
    }
    return false;
}

}  // namespace headway::serving
