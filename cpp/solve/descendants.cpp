#include "solve/descendants.hpp"

#include <algorithm>
#include <bit>

#include "solve/paths.hpp"

namespace headway {

namespace {

// Chains and in-trees: all that a node leads to is its one successor and what that leads to.
std::vector<Int> tree_sums(Ints target, const ArcsBySource& arcs,
                           const std::vector<std::size_t>& order, Ints weight) {
    std::vector<Int> sums(weight.size(), 0);
    for (auto node = order.rbegin(); node != order.rend(); ++node) {
        for (std::size_t i = arcs.ptr[*node]; i < arcs.ptr[*node + 1]; ++i) {
            const Int next = target[arcs.order[i]];
            sums[*node] = weight[next] + sums[next];
        }
    }
    return sums;
}

bool is_forest(const ArcsBySource& arcs, Ints target,
               const std::vector<std::size_t>& order, const std::vector<std::size_t>& rank) {
    for (const std::size_t node : order) {
        const std::size_t degree = arcs.ptr[node + 1] - arcs.ptr[node];
        if (degree > 1) {
            return false;
        }
        if (degree == 1 && rank[target[arcs.order[arcs.ptr[node]]]] <= rank[node]) {
            return false;  // a cycle
        }
    }
    return true;
}

}  // namespace

// Nodes are dealt with 64 at a time: one bit per node of the block says who leads to it, and one
// sweep against the arcs carries the bits to all ancestors.
std::vector<Int> descendant_sums(Ints source, Ints target, Ints weight) {
    const std::size_t n = weight.size();
    check_arcs(source, target, n);
    const ArcsBySource arcs = by_source(source, n);
    const std::vector<std::size_t> order = forward_order(target, arcs, n);
    std::vector<std::size_t> rank(n);
    for (std::size_t k = 0; k < n; ++k) {
        rank[order[k]] = k;
    }
    if (is_forest(arcs, target, order, rank)) {
        return tree_sums(target, arcs, order, weight);
    }
    std::vector<Int> sums(n, 0);
    std::vector<std::uint64_t> leads_to(n, 0);  // by rank
    constexpr std::size_t BLOCK = 64;
    for (std::size_t first = 0; first < n; first += BLOCK) {
        const std::size_t last = std::min(n, first + BLOCK);
        for (std::size_t k = last; k-- > 0;) {
            std::uint64_t bits = 0;
            for (std::size_t i = arcs.ptr[order[k]]; i < arcs.ptr[order[k] + 1]; ++i) {
                const std::size_t next = rank[target[arcs.order[i]]];
                if (next <= k || next >= last) {
                    continue;
                }
                bits |= leads_to[next];
                if (next >= first) {
                    bits |= std::uint64_t{1} << (next - first);
                }
            }
            leads_to[k] = bits;
            for (std::uint64_t rest = bits; rest != 0; rest &= rest - 1) {
                const auto bit = static_cast<std::size_t>(std::countr_zero(rest));
                sums[order[k]] += weight[order[first + bit]];
            }
        }
    }
    return sums;
}

}  // namespace headway
