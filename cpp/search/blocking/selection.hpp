// The state of the search: an order of the tasks on each machine that can be kept.
#pragma once

#include <span>
#include <utility>
#include <vector>

#include "search/blocking/shop.hpp"
#include "search/random.hpp"

namespace headway::search::blocking {

// Two neighbours on a machine change places, and tasks of one of the two jobs go past others as far
// as is needed.
struct Move {
    Index left, right;
    bool pull;  // whether the job of the right one goes before others; else that of the left one
                // goes behind others
};

// Machine orders with earliest starts. In the alternative graph a task behind another one on a
// machine starts no earlier than the machine is free, which is when the next task of the other's
// job starts if it holds the machine. Orders can be kept if no cycle is longer than 0; a cycle of
// length 0 is a swap, in which jobs change machines at the same instant.
class Selection {
public:
    explicit Selection(const Shop& shop);

    const Shop& shop() const { return *shop_; }
    Time makespan() const { return makespan_; }
    std::span<const Time> start() const { return start_; }

    // One job after another on all machines.
    void line_up(std::span<const Index> jobs);
    // Orders tasks by their starts in a schedule; false, and a broken state, if they cannot be kept.
    [[nodiscard]] bool load(std::span<const Time> start);

    // Makes a move; pairs() are the tasks whose order has changed. Must be followed by one of the
    // two below.
    void apply(const Move& move);
    void undo();
    void commit();
    // Pairs (before, after) as they were before the move.
    std::span<const std::pair<Index, Index>> pairs() const { return swapped_; }

    Index left(Index task) const { return left_[at(task)]; }

    // Neighbours on machines, of different jobs, whose order the makespan hangs on: along one
    // critical path, chosen at random where there are several.
    void critical(std::vector<std::pair<Index, Index>>& arcs, Random& random) const;
    // Those that keep a job from starting its tasks earlier.
    void holding_up(Index job, std::vector<std::pair<Index, Index>>& arcs) const;

private:
    static std::size_t at(Index i) { return static_cast<std::size_t>(i); }
    void append(std::vector<Index>& last, Index task);
    void swap(Index left, Index right);
    // Finds starts of the tasks from one place in the order on; false if a cycle is too long, one
    // task of which is cycle_ then.
    bool relax(std::size_t from);
    bool find_cycle(std::size_t from);
    void start_over();
    std::size_t first_changed() const;
    void find_makespan();

    const Shop* shop_;
    Index none_;
    std::vector<Index> left_, right_;
    std::vector<Time> start_;
    std::vector<Index> cause_;  // what a task waits for; n_tasks() if its release
    std::vector<Index> order_;  // all tasks, by start at the last commit
    Time makespan_ = 0;
    // As of the last commit.
    std::vector<Time> old_start_;
    std::vector<Index> old_cause_;
    Time old_makespan_ = 0;
    Time changed_ = 0;  // earliest start then of a task with another neighbour now
    std::vector<std::pair<Index, Index>> swapped_;
    // Scratch.
    std::vector<Index> walk_;
    Index walks_ = 0;
    Index cycle_ = 0;
};

}  // namespace headway::search::blocking
