// The state of the search: a mode for each task, an order on each machine, heads and tails.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "search/flexible/shop.hpp"
#include "search/machine_orders.hpp"
#include "search/random.hpp"

namespace headway::search::flexible {

// A task leaves its place and goes, in some mode, between two neighbours on that mode's machine;
// n_tasks() stands for "none".
struct Move {
    Index task;
    Index mode;
    Index left;
    Index right;
};

// A task as the search sees it, in one cache line. `head` is the earliest start, `tail` the longest
// path from the start to the end of all work.
struct alignas(64) Node {
    Time head = 0;
    Time tail = 0;
    Time duration = 0;
    Time release = 0;
    Index left = 0;   // neighbours on the machine; n_tasks() for none
    Index right = 0;
    Index place = 0;  // in the linear order
    Index mode = 0;
    Index machine = 0;
    Index slot = 0;   // in the row of the machine
};

// What the relations say about a task if no task has several predecessors or successors; else
// about its first ones, and the others are looked up. `length_after` is the task's duration where
// there is no successor.
struct Chain {
    Time length_before = 0;
    Time length_after = 0;
    Time step = 0;     // no path leads from the task to another in less time
    Index before = 0;  // n_tasks() for none
    Index after = 0;
    bool from_end = true;  // whether length_after counts the duration
};

// A choice of modes and machine orders without a cycle, a linear order of all tasks that agrees
// with them, heads and tails. A move updates the linear order where it must, heads from there on,
// and tails up to there.
class Orientation : public MachineOrders<Shop, Node> {
public:
    explicit Orientation(const Shop& shop);

    // The order must respect the relations, the modes must be those of the tasks.
    void load(const Plan& plan);
    // Writes the present order, modes and makespan into a plan.
    void save(Plan& plan) const;

    const Chain& chain(Index task) const { return chain_[at(task)]; }
    bool chains() const { return chains_; }
    // The tasks of a machine in their order.
    std::span<const Index> row(Index machine) const {
        return {rows_.data() + row_begin_[at(machine)], at(row_size_[at(machine)])};
    }

    // Throws std::logic_error if the move closes a cycle; the state is broken then.
    void apply(const Move& move);

    // Sufficient for a task to close no cycle between two others: none of its successors can lie on
    // a path to the left one, nor the right one on a path to one of its predecessors.
    bool may_stand(Index task, Index left, Index right) const;

    // Follows a critical path, chosen at random where several meet.
    void trace(Path& path, Random& random) const;

private:
    void set_mode(Index task, Index mode);
    void take_from_row(Index task);
    void put_into_row(Index task, Index left, Index right);
    // Gives a moved task a place between its predecessors and its successors; the task is shifted,
    // and with it whatever must stay behind it. Returns the first and last place concerned.
    std::pair<Index, Index> place(const Move& move);
    bool waits_for_reached(Index task) const;
    // Updates all heads from one place on, and all tails up to another.
    void refresh(Index first, Index last);
    void update_head(Index task);
    void update_tail(Index task);

    std::vector<Chain> chain_;
    std::vector<Index> rows_;
    std::vector<std::size_t> row_begin_;  // of each machine in rows_
    std::vector<Index> row_size_;
};

}  // namespace headway::search::flexible
