// The state of the search: a mode for every task and an order of the tasks on every machine.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "search/shop/shop.hpp"
#include "search/shop/solution.hpp"

namespace headway::search::shop {

inline constexpr Index ANY_SLOT = -1;

// A task moves past its neighbours on one of its machines: to right behind the node `anchor`, or
// right before it.
struct Shift {
    Index node;
    Index anchor;
    bool forward;  // behind an anchor that was behind the node, or before one that was before it
};

// Machine orders without a cycle, and a linear order of all tasks that agrees with them and is
// sorted by heads. The head of a task is its earliest start; its tail for a group of tasks is the
// longest path from its start to the completion of the group.
class State {
public:
    explicit State(const Shop& shop);

    // Takes the machine orders from a linear order of all tasks that respects the relations.
    void load(std::span<const Index> order, std::span<const Index> choice);

    // Writes the present orders, modes, starts and value into a solution.
    void save(Solution& solution) const;

    const Shop& shop() const { return *shop_; }
    Time value() const { return value_; }
    std::span<const Index> order() const { return order_; }
    std::span<const Index> choices() const { return {choice_.data(), order_.size()}; }
    std::span<const Time> heads() const { return {head_.data(), order_.size()}; }

    Index choice(Index task) const { return choice_[at(task)]; }
    Index mode(Index task) const { return shop_->first_mode(task) + choice(task); }
    Time head(Index task) const { return head_[at(task)]; }
    Time end(Index task) const { return end_[at(task)]; }
    Time duration(Index task) const { return duration_[at(task)]; }
    Index place(Index task) const { return place_[at(task)]; }
    const Time* tail(Index task) const { return tail_.data() + at(task) * n_groups_; }
    Time completion(Index group) const { return completion_[at(group)]; }

    // Neighbours on the machine of a node, `no_node()` for none.
    Index left(Index node) const { return left_[at(node)]; }
    Index right(Index node) const { return right_[at(node)]; }
    // The first node on a machine.
    Index first(Index machine) const { return first_[at(machine)]; }
    // The machine that a task holds through a node; ABSENT for none.
    Index machine(Index node) const { return machine_[at(node)]; }
    Time arc(Index left, Index right) const {
        const Index a = shop_->owner(left), b = shop_->owner(right);
        return duration(a) + shop_->setup(machine(right), a, b);
    }
    Time lag_before(const Link& link, Index task) const {
        return shop_->lag(link, choice(link.task), choice(task));
    }
    Time lag_after(Index task, const Link& link) const {
        return shop_->lag(link, choice(task), choice(link.task));
    }

    // Earliest start by relations and machines other than that of a slot.
    Time ready(Index task, Index without) const;
    // Tails of a task likewise.
    void rest(Index task, Index without, Time* tails) const;

    // Sufficient for a shift to close no cycle. (A path from a to b implies that b has the larger
    // head and a later place.)
    bool may_shift(const Shift& shift) const;
    // Throws std::logic_error if the shift closes a cycle; the state is broken then.
    void apply(const Shift& shift);

    // Takes a task off its machines and into its shortest mode.
    void lift(Index task);
    // Puts a lifted task into a mode, behind a node on each of its machines and behind a task in
    // the linear order (`n_tasks()`: before all others), where it stands between all tasks that it
    // waits for and all that wait for it.
    void insert(Index task, Index choice, std::span<const Index> left, Index behind);

private:
    static std::size_t at(Index i) { return static_cast<std::size_t>(i); }
    void choose(Index task, Index choice);
    void link(Index left, Index right, Index machine);
    bool leads(Index from, Index to) const;
    template <bool FORWARD>
    void move_past(const Shift& shift);
    // Updates heads, the linear order and tails after the arcs into and out of some nodes changed.
    void touch(Index task);
    void refresh();
    void update_heads(Index first);
    void update_tails(Index last);
    void evaluate();

    const Shop* shop_;
    std::size_t n_groups_;
    std::vector<Index> order_, place_, choice_;
    std::vector<Time> head_, end_, duration_, tail_;
    std::vector<Index> left_, right_, machine_, first_;
    std::vector<Time> completion_;
    Time value_ = 0;
    std::vector<Index> touched_;
    std::vector<std::uint8_t> reached_;
    std::vector<Index> shifted_;
    std::vector<Index> last_;  // scratch for load
};

}  // namespace headway::search::shop
