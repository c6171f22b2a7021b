#include "simulate/chip/applications.hpp"

#include <algorithm>
#include <stdexcept>

namespace headway::simulate::chip {
namespace {

void require(bool holds, const char* message) {
    if (!holds) {
        throw std::invalid_argument(message);
    }
}

bool within(Ints values, Int low, Int high) {
    return std::ranges::all_of(values, [=](Int v) { return low <= v && v <= high; });
}

bool covers(Ints ptr, std::size_t n) {
    return !ptr.empty() && ptr.front() == 0 && ptr.back() == static_cast<Int>(n) &&
           std::ranges::is_sorted(ptr);
}

std::vector<Index> narrowed(Ints values) {
    std::vector<Index> result(values.size());
    std::ranges::transform(values, result.begin(), [](Int v) { return static_cast<Index>(v); });
    return result;
}

}  // namespace

Applications::Applications(const ApplicationTables& tables)
    : n_elements_(static_cast<Index>(tables.n_elements)) {
    check(tables);
    first_ = narrowed(tables.task_ptr);
    duration_.assign(tables.duration.begin(), tables.duration.end());
    delay_.assign(tables.delay.begin(), tables.delay.end());
    order_ = narrowed(tables.order);
    rank_.assign(tables.rank.begin(), tables.rank.end());
    join(tables);
    check_order();
    measure();
}

void Applications::check(const ApplicationTables& t) const {
    require(t.n_elements > 0 && t.n_elements <= 1024, "chip: expected 1 to 1024 elements");
    const auto p = static_cast<std::size_t>(t.n_elements);
    const std::size_t n = t.rank.size();
    const std::size_t m = t.edge_source.size();
    require(n > 0 && n < (1U << 24) && m < (1U << 26), "chip: there is no task, or too many");
    require(covers(t.task_ptr, n) && t.task_ptr.size() >= 2 &&
                std::ranges::adjacent_find(t.task_ptr, std::equal_to{}) == t.task_ptr.end(),
            "chip: every kind of job needs tasks");
    require(covers(t.edge_ptr, m) && t.edge_ptr.size() == n + 1, "chip: edges do not fit tasks");
    require(t.duration.size() == n * p && t.order.size() == n &&
                t.delay.size() == m * p * p,
            "chip: the columns differ in length");
    require(within(t.duration, UNSUPPORTED, LONGEST) && within(t.delay, 0, LONGEST) &&
                within(t.order, 0, static_cast<Int>(n) - 1),
            "chip: a time is negative or too long");
    for (std::size_t i = 0; i < n; ++i) {
        require(std::ranges::max(t.duration.subspan(i * p, p)) >= 0,
                "chip: a task runs on no element");
    }
    for (std::size_t k = 0; k + 1 < t.task_ptr.size(); ++k) {
        for (Int i = t.task_ptr[k]; i < t.task_ptr[k + 1]; ++i) {
            require(within(row(t.edge_ptr, t.edge_source, i), t.task_ptr[k], t.task_ptr[k + 1] - 1),
                    "chip: an edge leads from one kind of job to another");
        }
    }
}

void Applications::join(const ApplicationTables& t) {
    const std::size_t n = t.rank.size();
    in_ptr_ = narrowed(t.edge_ptr);
    out_ptr_.assign(n + 1, 0);
    in_.resize(t.edge_source.size());
    out_.resize(in_.size());
    for (std::size_t e = 0; e < in_.size(); ++e) {
        in_[e] = {static_cast<Index>(t.edge_source[e]), static_cast<Index>(e)};
        ++out_ptr_[at(in_[e].source) + 1];
    }
    for (std::size_t i = 0; i < n; ++i) {
        out_ptr_[i + 1] += out_ptr_[i];
    }
    std::vector<Index> next(out_ptr_.begin(), out_ptr_.end() - 1);
    for (std::size_t i = 0; i < n; ++i) {
        for (const Edge& edge : incoming(static_cast<Index>(i))) {
            out_[at(next[at(edge.source)]++)] = {static_cast<Index>(i), edge.number};
        }
    }
}

void Applications::check_order() const {
    std::vector<bool> seen(order_.size());
    for (Index kind = 0; kind < n_kinds(); ++kind) {
        for (const Index task : order(kind)) {
            const bool own = task >= first(kind) && task < first(kind) + n_tasks(kind);
            require(own && !seen[at(task)], "chip: an order is not one of a kind's tasks");
            seen[at(task)] = true;
            for (const Edge& edge : incoming(task)) {
                require(seen[at(edge.source)], "chip: an order takes a child before its parent");
            }
        }
    }
}

void Applications::measure() {
    Int total = 0;
    Int count = 0;
    for (std::size_t i = 0; i < rank_.size(); ++i) {
        Int least = LONGEST;
        for (Index p = 0; p < n_elements_; ++p) {
            const Int d = duration(static_cast<Index>(i))[p];
            if (d >= 0) {
                least = std::min(least, d);
                total = std::min(total + d, FOREVER);
                ++count;
            }
        }
        least_.push_back(least);
    }
    unit_ = std::max(static_cast<double>(total) / static_cast<double>(count), 1.0);
}

}  // namespace headway::simulate::chip
