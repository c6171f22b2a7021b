// The blocks of an engine's key-value cache: what is free, and what free blocks still remember.
#pragma once

#include <limits>
#include <set>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "base.hpp"

namespace headway::serving {

// What a full block holds: an id that every request with the same prefix shares (>= 0), a number
// private to one request (< NOTHING), or nothing that could be found again.
using Content = Int;
inline constexpr Content NOTHING = -1;

// Free blocks wait in a queue. One that becomes free joins the back and keeps its content until it
// is taken from the front; till then a request that needs the content may hold it again.
//
// Once somebody has said what is worth keeping, the queue falls apart into one for each owner, the
// request that let its blocks go last, and the front of the least worthy queue is taken; of equals
// the one that has waited for longest, so that equal worths are no worths at all.
class Pool {
public:
    explicit Pool(Int blocks);

    Int size() const { return static_cast<Int>(blocks_.size()) - 1; }
    Int free() const { return free_; }
    bool is_free(Int block) const { return at(block).holders == 0; }
    bool holds(Int block, Content content) const { return at(block).content == content; }

    // The block with a shared content, or ABSENT.
    Int find(Content content) const;

    // Takes the block at the front, which forgets what it held; the caller made sure there is one.
    // What it forgot is told, NOTHING if it cannot be of use to others.
    Int take(Content& forgotten);
    void hold(Int block);
    void give(Int block, Int owner);

    // Says what the free blocks of an owner are worth, until none of them is left.
    void keep(Int owner, double worth);

    // Several blocks may hold the same; the one that learned it first is found. Tells whether no
    // other block holds it.
    bool learn(Int block, Content content);

    // How often something happened that may help one who waits for blocks.
    Int changes() const { return changes_; }

private:
    struct Block {
        Content content = NOTHING;
        std::int32_t holders = 0;
        std::int32_t before = 0;  // in the queue of free blocks
        std::int32_t after = 0;
        std::int32_t same = ABSENT;  // the next block with this shared content
        std::int32_t owner = ABSENT;
        Int freed = 0;  // how many were before it
    };
    struct Queue {
        double worth;
        std::int32_t front;  // of a ring
    };
    using Rank = std::tuple<double, Int, std::int32_t>;  // worth, when the front was freed, owner

    // What nobody has judged is kept, what was never used is not.
    static double unjudged(std::int32_t owner) {
        constexpr double MOST = std::numeric_limits<double>::infinity();
        return owner == ABSENT ? -MOST : MOST;
    }

    const Block& at(Int block) const { return blocks_[static_cast<std::size_t>(block)]; }
    Block& at(Int block) { return blocks_[static_cast<std::size_t>(block)]; }
    void link(Int number, Int after);
    void unlink(Int number);
    void join(Int number);
    void leave(Int number);
    void fall_apart();
    bool unknow(Int number);

    std::vector<Block> blocks_;  // the last one is the queue's anchor
    std::unordered_map<Content, std::int32_t> known_;
    bool is_judged_ = false;
    std::unordered_map<std::int32_t, Queue> queues_;  // by owner, if it is judged
    std::set<Rank> ranks_;
    Int freed_ = 0;
    Int free_ = 0;
    Int changes_ = 0;
};

}  // namespace headway::serving
