#include "solve/paths.hpp"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <stdexcept>

namespace headway {
namespace {

// Arcs grouped by source: those of node v are order[ptr[v]] ... order[ptr[v + 1] - 1].
struct Successors {
    std::vector<std::size_t> ptr;
    std::vector<std::size_t> order;
};

Successors group_by_source(const Arcs& arcs, std::size_t n_nodes) {
    Successors out{std::vector<std::size_t>(n_nodes + 1, 0),
                   std::vector<std::size_t>(arcs.source.size())};
    for (const Int source : arcs.source) {
        ++out.ptr[static_cast<std::size_t>(source) + 1];
    }
    std::partial_sum(out.ptr.begin(), out.ptr.end(), out.ptr.begin());
    std::vector<std::size_t> next(out.ptr.begin(), out.ptr.end() - 1);
    for (std::size_t arc = 0; arc < arcs.source.size(); ++arc) {
        out.order[next[static_cast<std::size_t>(arcs.source[arc])]++] = arc;
    }
    return out;
}

// Nodes so that arcs point forward; nodes on cycles, and behind them, follow by position.
std::vector<std::size_t> forward_order(const Arcs& arcs, const Successors& successors,
                                       std::size_t n_nodes) {
    std::vector<std::size_t> waiting(n_nodes, 0);
    for (const Int target : arcs.target) {
        ++waiting[static_cast<std::size_t>(target)];
    }
    std::vector<std::size_t> order;
    order.reserve(n_nodes);
    for (std::size_t node = 0; node < n_nodes; ++node) {
        if (waiting[node] == 0) {
            order.push_back(node);
        }
    }
    for (std::size_t head = 0; head < order.size(); ++head) {
        for (std::size_t i = successors.ptr[order[head]]; i < successors.ptr[order[head] + 1]; ++i) {
            const auto target = static_cast<std::size_t>(arcs.target[successors.order[i]]);
            if (--waiting[target] == 0) {
                order.push_back(target);
            }
        }
    }
    for (std::size_t node = 0; node < n_nodes; ++node) {
        if (waiting[node] > 0) {
            order.push_back(node);
        }
    }
    return order;
}

void check(const Arcs& arcs, std::size_t n_nodes) {
    if (arcs.source.size() != arcs.target.size() || arcs.source.size() != arcs.length.size()) {
        throw std::invalid_argument("longest_paths: the arrays of the arcs differ in length");
    }
    const auto outside = [n_nodes](Int node) {
        return node < 0 || static_cast<std::size_t>(node) >= n_nodes;
    };
    if (std::ranges::any_of(arcs.source, outside) || std::ranges::any_of(arcs.target, outside)) {
        throw std::out_of_range("longest_paths: an arc names a node that does not exist");
    }
}

}  // namespace

std::optional<std::vector<Int>> longest_paths(const Arcs& arcs, Ints floor) {
    const std::size_t n_nodes = floor.size();
    check(arcs, n_nodes);
    const Successors successors = group_by_source(arcs, n_nodes);
    const std::vector<std::size_t> order = forward_order(arcs, successors, n_nodes);
    std::vector<Int> value(floor.begin(), floor.end());

    // Without cycles the first round settles everything and the second sees no change; with n
    // nodes, a change in round n + 1 proves a cycle of positive length.
    for (std::size_t round = 0; round <= n_nodes; ++round) {
        bool changed = false;
        for (const std::size_t node : order) {
            for (std::size_t i = successors.ptr[node]; i < successors.ptr[node + 1]; ++i) {
                const std::size_t arc = successors.order[i];
                Int& reached = value[static_cast<std::size_t>(arcs.target[arc])];
                const Int offered = value[node] + arcs.length[arc];
                if (offered > reached) {
                    reached = offered;
                    changed = true;
                }
            }
        }
        if (!changed) {
            return value;
        }
    }
    return std::nullopt;
}

}  // namespace headway
