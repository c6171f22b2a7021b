// Which engines were sent a block lately.
#pragma once

#include <cstdint>
#include <vector>

#include "base.hpp"

namespace headway::serving {

// A hash table of blocks with a bit an engine, bounded in number and in age. Blocks are in the order
// of their last use, the last of a prompt before the first: what follows a forgotten block cannot be
// found any more.
class PrefixIndex {
public:
    static constexpr Int MOST_ENGINES = 65'536;

    // Throws std::invalid_argument if the bounds are no bounds.
    PrefixIndex(Int capacity, double ttl_s);

    std::size_t size() const { return size_; }

    // How many blocks from the first on each of n engines was sent. Throws std::out_of_range.
    std::vector<Int> match(Ints blocks, Int n_engines, double now_s);

    // Notes that an engine is sent blocks; O(blocks), and O(all) if its number is the first beyond a
    // multiple of 64. Throws std::out_of_range.
    void add(Ints blocks, Int engine, double now_s);

    // Notes that engines are sent prompts, one after another: prompt i is that of the blocks from
    // offsets[i] up to offsets[i + 1]. Throws std::invalid_argument if offsets are none, and
    // std::out_of_range; the prompts before the wrong engine are noted then.
    void add_all(Ints blocks, Ints offsets, Ints engines, double now_s);

    // Drops an engine that has lost its cache; O(all). Throws std::out_of_range.
    void forget(Int engine);

private:
    using Word = std::uint64_t;
    using Number = std::uint32_t;
    static constexpr Number NONE = ~Number{0};

    // The block stands beside its number so that a search touches no node.
    struct Place {
        Int block = 0;
        Number number = NONE;
    };

    struct Node {
        Int block;
        double used_s;
        Number older, newer;
    };

    std::size_t home(Int block) const {
        return static_cast<Word>(block) * 0x9E3779B97F4A7C15 >> shift_;
    }
    std::size_t place(Int block) const;
    Number find(Int block) const { return table_[place(block)].number; }
    void fetch(Ints blocks, std::size_t i) const;
    void fetch(Int block) const;
    bool is_old(Number number, double now_s) const {
        return ages_ && nodes_[number].used_s < now_s - ttl_s_;
    }
    Number insert(Int block);
    void remove(Number number);
    void touch(Number number);
    void unlink(Number number);
    void trim(double now_s, std::size_t most_old);
    void grow();
    void rebuild();
    void widen(Int engine);
    Word* held(Number number) { return holders_.data() + number * words_; }
    bool is_held(Number number);

    std::size_t capacity_;
    double ttl_s_;
    bool ages_;  // whether there is such a time at all
    std::size_t size_ = 0;
    std::size_t words_ = 1;        // of each node in holders_
    std::vector<Place> table_;     // open addressing, a power of two
    int shift_;                    // of a product, to a place in the table
    std::vector<Node> nodes_;
    std::vector<Number> spare_;    // nodes without a block
    std::vector<Number> gone_;     // nodes that nobody holds any more
    std::vector<Word> holders_;    // a bit an engine
    std::vector<Word> left_;       // engines that a search goes on with
    Number oldest_ = NONE, newest_ = NONE;
};

}  // namespace headway::serving
