// Shops as the search sees them: modes on machines, lags, setups, and what completion costs.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base.hpp"
#include "model/problem.hpp"

namespace headway::search::shop {

using Time = Int;
using Index = std::int32_t;

inline constexpr Time NO_PATH = -(Time{1} << 60);

// What is to be paid. Every group of tasks has a completion, the latest end plus offset of its
// members; one beyond the group's threshold costs its jump plus its slope times the excess. The
// objective is the sum over all groups, plus a constant.
struct CostTables {
    Ints member_ptr, member, offset;  // the tasks of each group, each with its offset
    Ints threshold, slope, jump;
    Int constant = 0;
};

// A relation: the ticks from start to start stand in a table by the choices of both tasks.
struct Link {
    Index task;    // the other one
    Index stride;  // number of modes of the later task
    std::uint32_t table;
};

struct Member {
    Index group;
    Time offset;
};

struct Group {
    Time threshold;
    Time slope;
    Time jump;

    Time cost(Time completion) const {
        return completion > threshold ? jump + slope * (completion - threshold) : 0;
    }
};

// All tasks are done once, each in one of its modes, which holds some machines from its start to
// its end. Relations are lags from start to start that are never negative.
//
// A task holds a machine through one of its `width()` slots; slot k of a task is the node
// `node(task, k)`. One task and node more than there are stand for "none".
class Shop {
public:
    // Throws std::invalid_argument, with a message for users, if the problem is none of these.
    Shop(const ProblemView& problem, const CostTables& cost);

    Index n_tasks() const { return n_tasks_; }
    Index n_machines() const { return n_machines_; }
    Index n_groups() const { return static_cast<Index>(groups_.size()); }
    bool has_setups() const { return has_setups_; }
    // Whether only shifts to or from an end of a critical block can help: where all depends on one
    // completion, and setups do not.
    bool ends_only() const { return n_groups() == 1 && !has_setups_; }
    bool has_choices() const { return static_cast<Index>(duration_.size()) > n_tasks_; }

    Index width() const { return Index{1} << shift_; }
    Index node(Index task, Index slot) const { return (task << shift_) + slot; }
    Index owner(Index node) const { return node >> shift_; }
    Index no_node() const { return n_tasks_ << shift_; }

    // Modes are numbered through all tasks; a choice counts from a task's first mode.
    Index first_mode(Index task) const { return mode_ptr_[at(task)]; }
    Index n_modes(Index task) const { return mode_ptr_[at(task) + 1] - mode_ptr_[at(task)]; }
    Time duration(Index mode) const { return duration_[at(mode)]; }
    Time release(Index mode) const { return release_[at(mode)]; }
    // The machines that a mode holds, in increasing order.
    std::span<const Index> machines(Index mode) const { return row(machine_ptr_, machine_, mode); }
    // Its shortest mode, as a choice.
    Index fastest(Index task) const { return fastest_[at(task)]; }

    std::span<const Link> before(Index task) const { return row(before_ptr_, before_, task); }
    std::span<const Link> after(Index task) const { return row(after_ptr_, after_, task); }
    Time lag(const Link& link, Index earlier_choice, Index later_choice) const {
        return lags_[link.table + at(earlier_choice * link.stride + later_choice)];
    }
    // Every path that leaves a task is at least so long, whatever the modes.
    Time step(Index task) const { return step_[at(task)]; }
    // All tasks, none before one that it waits for.
    std::span<const Index> forward() const { return forward_; }
    // Longest path of relations from the start of a task to the end of all work, by shortest modes.
    Time tail(Index task) const { return tail_[at(task)]; }

    // Ticks between a task and the next one on a machine; the first follows "none".
    Time setup(Index machine, Index earlier, Index later) const {
        const std::size_t base = setup_[at(machine)];
        return base == NO_SETUP ? 0
                                : times_[base + at(from_[at(earlier)]) * stride_ +
                                         at(to_[at(later)])];
    }

    std::span<const Member> memberships(Index task) const {
        return row(membership_ptr_, membership_, task);
    }
    std::span<const Group> groups() const { return groups_; }
    Time constant() const { return constant_; }

private:
    static constexpr std::size_t NO_SETUP = ~std::size_t{0};
    static std::size_t at(Index i) { return static_cast<std::size_t>(i); }
    template <class T>
    static std::span<const T> row(const std::vector<Index>& ptr, const std::vector<T>& values,
                                  Index i) {
        return {values.data() + ptr[at(i)], at(ptr[at(i) + 1] - ptr[at(i)])};
    }

    void take_modes(const ProblemView& problem);
    void take_relations(const ProblemView& problem);
    void take_setups(const ProblemView& problem);
    void take_costs(const CostTables& cost);
    void measure();
    void check_sizes() const;

    Index n_tasks_ = 0;
    Index n_machines_ = 0;
    int shift_ = 0;
    std::vector<Index> mode_ptr_, machine_ptr_, machine_, fastest_;
    std::vector<Time> duration_, release_;
    std::vector<Index> before_ptr_, after_ptr_, forward_;
    std::vector<Link> before_, after_;
    std::vector<Time> lags_, step_, tail_;
    bool has_setups_ = false;
    std::size_t stride_ = 0;
    std::vector<std::size_t> setup_;
    std::vector<Time> times_;
    std::vector<Index> from_, to_;
    std::vector<Index> membership_ptr_;
    std::vector<Member> membership_;
    std::vector<Group> groups_;
    Time constant_ = 0;
};

}  // namespace headway::search::shop
