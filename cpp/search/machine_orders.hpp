// What searches on an order of tasks on each machine have in common.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "base.hpp"
#include "search/random.hpp"
#include "search/relations.hpp"

namespace headway::search {

// A critical path from its start to its end; by_machine[k] says whether the path reaches its k-th
// task through the machine.
struct CriticalPath {
    std::vector<std::int32_t> task;
    std::vector<bool> by_machine;
};

// Machine orders without a cycle, a linear order of all tasks that agrees with them, and a node for
// every task: its head, duration, tail, place in the linear order, and its left and right
// neighbours on the machine. One node more stands for "none": no head, no tail.
template <class Shop, class Node>
class MachineOrders {
public:
    using Index = std::int32_t;
    using Path = CriticalPath;

    const Shop& shop() const { return *shop_; }
    Index none() const { return none_; }
    const Node& node(Index task) const { return nodes_[at(task)]; }
    std::span<const Index> order() const { return order_; }
    Int makespan() const { return makespan_; }

protected:
    explicit MachineOrders(const Shop& shop)
        : shop_(&shop),
          none_(shop.n_tasks()),
          nodes_(at(none_) + 1),
          order_(at(none_)),
          reached_(at(none_) + 1),
          shifted_(at(none_)) {
        nodes_[at(none_)].left = nodes_[at(none_)].right = none_;
        nodes_[at(none_)].place = none_;
        for (Index i = 0; i < none_; ++i) {
            chains_ = chains_ && shop.before(i).size() <= 1 && shop.after(i).size() <= 1;
        }
    }

    static std::size_t at(Index i) { return static_cast<std::size_t>(i); }

    // Whether a path may lead from a task to another, or to itself, if none that leaves it is
    // shorter than `step`: then the other one has a larger head, a smaller tail, and a later place.
    bool leads(Index from, Index to, Int step) const {
        const Node &a = node(from), &b = node(to);
        return from == to ||
               (a.place <= b.place && a.head + step <= b.head && b.tail + step <= a.tail);
    }

    void find_makespan() {
        Int latest = 0;
        for (const Index task : sinks_) {
            const Node& node = nodes_[at(task)];
            latest = std::max(latest, node.head + node.duration);
        }
        makespan_ = latest;
    }

    // Predecessors and successors but for the first ones.
    std::span<const Link> more_before(Index task) const {
        const auto all = task == none_ ? std::span<const Link>{} : shop_->before(task);
        return all.empty() ? all : all.subspan(1);
    }
    std::span<const Link> more_after(Index task) const {
        const auto all = task == none_ ? std::span<const Link>{} : shop_->after(task);
        return all.empty() ? all : all.subspan(1);
    }

    // Follows a longest path, chosen at random where several meet; begin(node) is the time that
    // the paths to a node take.
    template <class Begin>
    void trace_by(Begin&& begin, Path& path, Random& random) const {
        path.task.clear();
        path.by_machine.clear();
        Index task = none_;
        Index choices = 0;
        for (const Index sink : sinks_) {
            if (node(sink).head + node(sink).duration == makespan_ &&
                random.below(++choices) == 0) {
                task = sink;
            }
        }
        while (task != none_) {
            path.task.push_back(task);
            const Node& here = node(task);
            Index next = none_;
            bool by_machine = false;
            choices = 0;
            const Int from = begin(here);
            if (from > 0) {
                const Node& left = node(here.left);
                if (here.left != none_ && left.head + left.duration == from) {
                    next = here.left;
                    by_machine = true;
                    choices = 1;
                }
                for (const Link& link : shop_->before(task)) {
                    const Node& other = node(link.task);
                    if (other.head + link.length(other.duration) == from &&
                        (++choices == 1 || random.below(choices) == 0)) {
                        next = link.task;
                        by_machine = false;
                    }
                }
            }
            path.by_machine.push_back(by_machine);
            task = next;
        }
        std::ranges::reverse(path.task);
        // by_machine[k] tells how the k-th task was reached, so it turns round with the tasks.
        std::reverse(path.by_machine.begin(), path.by_machine.end());
    }

    const Shop* shop_;
    Index none_;
    bool chains_ = true;  // no task has several predecessors or successors
    std::vector<Node> nodes_;
    std::vector<Index> order_;
    std::vector<Index> sinks_;  // tasks that may end last
    std::vector<std::uint8_t> reached_;
    std::vector<Index> shifted_;
    Int makespan_ = 0;
};

}  // namespace headway::search
