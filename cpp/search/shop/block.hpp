// Shifts within a critical block, and what they are expected to bring.
#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include "search/random.hpp"
#include "search/shop/paths.hpp"
#include "search/shop/state.hpp"

namespace headway::search::shop {

// Successive nodes on one machine, loaded for estimates. They are meant to be a critical block:
// each starts when the one before it lets it.
class Block {
public:
    // No block is longer; of longer critical blocks a part is looked at.
    static constexpr Index LONGEST = 48;

    explicit Block(const Shop& shop);

    // Takes up to LONGEST nodes from a block of the paths, which begins in a node.
    void load(const State& state, const Paths& paths, Index begin, Random& random);

    Index size() const { return static_cast<Index>(node_.size()); }
    Index node(Index k) const { return node_[at(k)]; }

    // The value to be expected once node i stands right behind node j, i < j. Exact but for paths
    // that change outside the nodes from i to j (Balas and Vazacopoulos 1998); groups whose longest
    // path avoided these nodes keep at least their completion (Mati, Dauzère-Pérès and Lahlou
    // 2011).
    Time behind(const State& state, Index i, Index j);
    // The same once node j stands right before node i.
    Time before(const State& state, Index i, Index j);

private:
    static std::size_t at(Index i) { return static_cast<std::size_t>(i); }
    Time estimate(const State& state, Index i, Index j);

    const Shop* shop_;
    std::size_t n_groups_;
    std::vector<Index> node_;
    std::vector<Time> ready_;    // by all but the machine
    std::vector<Time> rest_;     // a row of tails each, by all but the machine
    std::vector<Index> turn_;    // the new order of a part
    std::vector<Time> head_;     // new heads of that part
    std::vector<Time> tail_, through_;
};

// Shifts inside a block go no further, where those to and from its ends are not all there is.
inline constexpr Index REACH = 8;

// Calls offer(shift, estimate) for the shifts on all critical blocks that close no cycle;
// estimate() is the value to be expected.
template <class Offer>
void for_each_shift(const State& state, const Paths& paths, Block& block, Random& random,
                    Offer&& offer) {
    for (const Index begin : paths.blocks()) {
        block.load(state, paths, begin, random);
        const Index last = block.size() - 1;
        const auto pair = [&](Index i, Index j) {
            const Shift forward{block.node(i), block.node(j), true};
            if (state.may_shift(forward)) {
                offer(forward, [&state, &block, i, j] { return block.behind(state, i, j); });
            }
            // Neighbours change places either way.
            const Shift backward{block.node(j), block.node(i), false};
            if (j > i + 1 && state.may_shift(backward)) {
                offer(backward, [&state, &block, i, j] { return block.before(state, i, j); });
            }
        };
        if (state.shop().ends_only()) {
            for (Index j = 1; j <= last; ++j) {
                pair(0, j);
            }
            for (Index i = 1; i < last; ++i) {
                pair(i, last);
            }
            continue;
        }
        for (Index i = 0; i < last; ++i) {
            for (Index j = i + 1; j <= std::min(last, i + REACH); ++j) {
                pair(i, j);
            }
        }
    }
}

}  // namespace headway::search::shop
