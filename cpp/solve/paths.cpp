#include "solve/paths.hpp"

#include <algorithm>
#include <numeric>
#include <stdexcept>

namespace headway {

void check_arcs(Ints source, Ints target, std::size_t n_nodes) {
    if (source.size() != target.size()) {
        throw std::invalid_argument("the arrays of the arcs differ in length");
    }
    const auto outside = [n_nodes](Int node) {
        return node < 0 || static_cast<std::size_t>(node) >= n_nodes;
    };
    if (std::ranges::any_of(source, outside) || std::ranges::any_of(target, outside)) {
        throw std::out_of_range("an arc names a node that does not exist");
    }
}

ArcsBySource by_source(Ints source, std::size_t n_nodes) {
    ArcsBySource out{std::vector<std::size_t>(n_nodes + 1, 0),
                     std::vector<std::size_t>(source.size())};
    for (const Int node : source) {
        ++out.ptr[static_cast<std::size_t>(node) + 1];
    }
    std::partial_sum(out.ptr.begin(), out.ptr.end(), out.ptr.begin());
    std::vector<std::size_t> next(out.ptr.begin(), out.ptr.end() - 1);
    for (std::size_t arc = 0; arc < source.size(); ++arc) {
        out.order[next[source[arc]]++] = arc;
    }
    return out;
}

std::vector<std::size_t> forward_order(Ints target, const ArcsBySource& arcs,
                                       std::size_t n_nodes) {
    std::vector<std::size_t> waiting(n_nodes, 0);
    for (const Int node : target) {
        ++waiting[node];
    }
    std::vector<std::size_t> order;
    order.reserve(n_nodes);
    for (std::size_t node = 0; node < n_nodes; ++node) {
        if (waiting[node] == 0) {
            order.push_back(node);
        }
    }
    for (std::size_t head = 0; head < order.size(); ++head) {
        for (std::size_t i = arcs.ptr[order[head]]; i < arcs.ptr[order[head] + 1]; ++i) {
            const auto next = static_cast<std::size_t>(target[arcs.order[i]]);
            if (--waiting[next] == 0) {
                order.push_back(next);
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

std::optional<std::vector<Int>> longest_paths(const Arcs& arcs, Ints floor) {
    const std::size_t n_nodes = floor.size();
    check_arcs(arcs.source, arcs.target, n_nodes);
    if (arcs.length.size() != arcs.source.size()) {
        throw std::invalid_argument("the arrays of the arcs differ in length");
    }
    const ArcsBySource grouped = by_source(arcs.source, n_nodes);
    const std::vector<std::size_t> order = forward_order(arcs.target, grouped, n_nodes);
    std::vector<Int> value(floor.begin(), floor.end());

    // Without cycles the first round settles everything and the second sees no change; with n
    // nodes, a change in round n + 1 proves a cycle of positive length.
    for (std::size_t round = 0; round <= n_nodes; ++round) {
        bool changed = false;
        for (const std::size_t node : order) {
            for (std::size_t i = grouped.ptr[node]; i < grouped.ptr[node + 1]; ++i) {
                const std::size_t arc = grouped.order[i];
                Int& reached = value[arcs.target[arc]];
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
