// The kinds of jobs that a chip runs: task graphs with their costs on its elements.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "base.hpp"

namespace headway::simulate::chip {

using Index = std::int32_t;

inline constexpr Int UNSUPPORTED = -1;
// No time that is handed over is longer, so that sums never overflow.
inline constexpr Int LONGEST = Int{1} << 44;

// Columns as Python hands them over. Tasks of all kinds are numbered through; those of kind k are
// `task_ptr[k]` to `task_ptr[k + 1] - 1`. The edges that lead to task i are `edge_ptr[i]` to
// `edge_ptr[i + 1] - 1`; `delay` has a square of elements per edge, `duration` a row of elements per
// task. `order` holds the tasks of each kind in the order in which a static plan takes them.
struct ApplicationTables {
    Int n_elements;
    Ints task_ptr;
    Ints duration;
    Ints edge_ptr;
    Ints edge_source;
    Ints delay;
    Reals rank;
    Ints order;
};

class Applications {
public:
    // Throws std::invalid_argument if the tables do not fit together or times are too large.
    explicit Applications(const ApplicationTables& tables);

    Index n_elements() const { return n_elements_; }
    Index n_kinds() const { return static_cast<Index>(first_.size()) - 1; }
    Index first(Index kind) const { return first_[at(kind)]; }
    Index n_tasks(Index kind) const { return first_[at(kind) + 1] - first_[at(kind)]; }

    // One number per element.
    const Int* duration(Index task) const { return duration_.data() + at(task) * at(n_elements_); }
    Int least(Index task) const { return least_[at(task)]; }
    double rank(Index task) const { return rank_[at(task)]; }
    // The tasks of a kind, parents before children.
    std::span<const Index> order(Index kind) const {
        return std::span(order_).subspan(at(first(kind)), at(n_tasks(kind)));
    }
    // Mean duration over all tasks and the elements that support them.
    double unit() const { return unit_; }

    struct Edge {
        Index source;
        Index number;
    };
    std::span<const Edge> incoming(Index task) const { return slice(in_ptr_, in_, task); }
    // Edges with the task they lead to in place of the source.
    std::span<const Edge> outgoing(Index task) const { return slice(out_ptr_, out_, task); }
    // Delay of an edge from an element, one number per receiving element.
    const Int* delay(Index edge, Index from) const {
        return delay_.data() + (at(edge) * at(n_elements_) + at(from)) * at(n_elements_);
    }

private:
    static std::size_t at(Index i) { return static_cast<std::size_t>(i); }
    static std::span<const Edge> slice(const std::vector<Index>& ptr, const std::vector<Edge>& of,
                                       Index i) {
        return std::span(of).subspan(at(ptr[at(i)]), at(ptr[at(i) + 1] - ptr[at(i)]));
    }
    void check(const ApplicationTables& tables) const;
    void check_order() const;
    void join(const ApplicationTables& tables);
    void measure();

    Index n_elements_;
    std::vector<Index> first_, in_ptr_, out_ptr_, order_;
    std::vector<Edge> in_, out_;
    std::vector<Int> duration_, delay_, least_;
    std::vector<double> rank_;
    double unit_ = 1.0;
};

}  // namespace headway::simulate::chip
