// Critical paths: what keeps the groups that cost something from completing earlier.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "search/random.hpp"
#include "search/shop/state.hpp"

namespace headway::search::shop {

// Longest paths to the completions of some groups, joined where they meet.
class Paths {
public:
    explicit Paths(const Shop& shop);

    // Follows one path each, chosen at random where several are equally long, for up to `most`
    // random groups among those that cost something.
    void trace(const State& state, Index most, Random& random);

    // All tasks on the paths, those of the first path from its end to its start.
    std::span<const Index> tasks() const { return tasks_; }
    // The nodes that paths reach from elsewhere and leave for their right neighbours.
    std::span<const Index> blocks() const { return blocks_; }
    // Whether a path reaches a node from its left neighbour.
    bool joins(Index node) const { return joined_[at(node)] != 0; }

private:
    static std::size_t at(Index i) { return static_cast<std::size_t>(i); }
    void clear();
    void follow(const State& state, Index task, Random& random);

    const Shop* shop_;
    std::vector<Index> tasks_, blocks_, nodes_, costly_;
    std::vector<std::uint8_t> joined_, seen_;
    std::vector<Index> last_, ties_;  // per group: a task that completes it, out of how many
};

}  // namespace headway::search::shop
