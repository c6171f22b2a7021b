// The state of the search: an order of the tasks on each machine, with heads and tails.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "search/machine_orders.hpp"
#include "search/random.hpp"
#include "search/job_shop/shop.hpp"

namespace headway::search::job_shop {

// One task moves past its neighbours on the machine: to right behind `anchor`, or right before it.
struct Move {
    Index task;
    Index anchor;
    bool forward;  // behind an anchor that was behind the task, or before one that was before it
};

// A task as the search sees it, in one cache line. `head` is the earliest start, `tail` the longest
// path from the start to the end of all work; `ready` and `rest` are the same by relations alone,
// given the heads and tails of the others. Where machines rest, the tail is the time from the latest
// start that does not make the schedule longer to its end, `ready` is before any break is waited
// for, and the duration counts the breaks in which the task pauses.
struct alignas(64) Node {
    Time head = 0;
    Time tail = 0;
    Time ready = 0;
    Time rest = 0;
    Time duration = 0;
    Index left = 0;   // neighbours on the machine; n_tasks() for none
    Index right = 0;
    Index place = 0;  // in the linear order
};

// A complete orientation of the disjunctive graph: machine orders without a cycle, a linear order
// of all tasks that agrees with them, heads and tails. A move updates heads from its place in the
// linear order on, tails up to it, and the linear order where it must.
class Orientation : public MachineOrders<Shop, Node> {
public:
    explicit Orientation(const Shop& shop);

    // Takes the machine orders from a linear order of all tasks that respects the relations.
    void load(std::span<const Index> order);
    // Writes the present order and makespan into a plan.
    void save(Plan& plan) const;

    // Throws std::logic_error if the move closes a cycle; the state is broken then.
    void apply(const Move& move);

    // Sufficient for a move of `task` past all tasks up to `anchor` to close no cycle: no
    // successor of the task can lie on a path to the anchor.
    bool may_follow(Index task, Index anchor) const;
    bool may_precede(Index task, Index anchor) const;

    // Follows a critical path, chosen at random where several meet.
    void trace(Path& path, Random& random) const;

private:
    // What the relations say about a task whose node is being updated.
    struct Fixed {
        Time release = 0;
        Time lag_before = 0;
        Time lag_after = 0;
        Index before = 0;  // one predecessor and one successor; n_tasks() for none
        Index after = 0;
    };

    template <bool FORWARD>
    void move_past(Index task, Index anchor);
    // Updates all heads from one place on, and all tails up to another.
    void refresh(Index first, Index last);
    void update_head(Index task);
    void update_tail(Index task);
    // The same where machines rest; latest starts depend on the makespan, so all are found anew.
    void refresh_with_breaks();
    void update_head_with_breaks(Index task);
    void update_tail_with_breaks(Index task);

    std::vector<Fixed> fixed_;
    std::vector<Index> last_;  // scratch for load
};

}  // namespace headway::search::job_shop
