#include "solve/components.hpp"

#include <algorithm>

namespace headway {

// Tarjan's algorithm with an explicit stack, so that long chains do not exhaust the real one.
std::vector<Int> strong_components(Int n_nodes, const std::vector<std::size_t>& arc_ptr,
                                   const std::vector<Int>& arc_target) {
    const auto n = static_cast<std::size_t>(n_nodes);
    std::vector<Int> component(n, ABSENT), low(n, 0), seen(n, 0);
    std::vector<std::size_t> next(arc_ptr.begin(), arc_ptr.end() - 1);
    std::vector<std::size_t> path, open;
    Int time = 0;
    Int n_components = 0;
    for (std::size_t root = 0; root < n; ++root) {
        if (seen[root] != 0) {
            continue;
        }
        path.push_back(root);
        while (!path.empty()) {
            const std::size_t node = path.back();
            if (seen[node] == 0) {
                seen[node] = low[node] = ++time;
                open.push_back(node);
            }
            if (next[node] < arc_ptr[node + 1]) {
                const auto target = static_cast<std::size_t>(arc_target[next[node]++]);
                if (seen[target] == 0) {
                    path.push_back(target);
                } else if (component[target] == ABSENT) {
                    low[node] = std::min(low[node], seen[target]);
                }
                continue;
            }
            path.pop_back();
            if (!path.empty()) {
                low[path.back()] = std::min(low[path.back()], low[node]);
            }
            if (low[node] == seen[node]) {
                std::size_t member = 0;
                do {
                    member = open.back();
                    open.pop_back();
                    component[member] = n_components;
                } while (member != node);
                ++n_components;
            }
        }
    }
    return component;
}

}  // namespace headway
