// Critical blocks: tasks in a row on one machine and on one critical path.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "base.hpp"
#include "search/machine_orders.hpp"

namespace headway::search {

// Tasks in a row on one machine. Their data are copied side by side, since many moves among them
// are looked at.
class MachineRow {
public:
    using Index = std::int32_t;

    Index task(Index k) const { return task_[at(k)]; }

protected:
    explicit MachineRow(Index largest)
        : task_(at(largest)),
          head_(at(largest)),
          tail_(at(largest)),
          ready_(at(largest)),
          rest_(at(largest)),
          elapsed_(at(largest)),
          new_head_(at(largest)) {}

    static std::size_t at(Index i) { return static_cast<std::size_t>(i); }

    // ready, rest: head and tail by relations alone.
    template <class Node>
    void append(Index task, const Node& node, Int ready, Int rest) {
        task_[at(size_)] = task;
        head_[at(size_)] = node.head;
        tail_[at(size_)] = node.tail;
        ready_[at(size_)] = ready;
        rest_[at(size_)] = rest;
        elapsed_[at(size_)] = node.duration;
        ++size_;
    }
    // Looks at what is around the row once it is complete.
    template <class Orientation>
    void enclose(const Orientation& orientation) {
        const auto& left = orientation.node(orientation.node(task_[0]).left);
        free_ = left.head + left.duration;
        after_ = orientation.node(orientation.node(task_[at(size_ - 1)]).right).tail;
    }

    // How time passes where machines never rest: start and end of the k-th task from a time on, and
    // its tail if the machine is needed for `next` more.
    struct EvenClock {
        const MachineRow* row;
        Int start(Index, Int time) const { return time; }
        Int end(Index k, Int start) const { return start + row->elapsed_[at(k)]; }
        Int tail(Index k, Int next) const { return row->elapsed_[at(k)] + next; }
    };

    // Length of the longest path through the tasks from i to j once task i stands behind task j,
    // if the heads of all predecessors and the tails of all successors stay what they are
    // (Balas and Vazacopoulos 1998). Gives up on values above the limit and returns one such.
    template <class Clock>
    Int behind_by(Clock clock, Index i, Index j, Int limit) {
        Int time = free_for(i);
        for (Index x = i + 1; x <= j; ++x) {
            time = clock.start(x, std::max(ready_[at(x)], time));
            new_head_[at(x)] = time;
            time = clock.end(x, time);
        }
        Int tail = j < size_ - 1 ? tail_[at(j + 1)] : after_;
        tail = std::max(rest_[at(i)], clock.tail(i, tail));
        Int longest = clock.start(i, std::max(ready_[at(i)], time)) + tail;
        for (Index x = j; x > i && longest <= limit; --x) {
            tail = std::max(rest_[at(x)], clock.tail(x, tail));
            longest = std::max(longest, new_head_[at(x)] + tail);
        }
        return longest;
    }
    // The same once task j stands before task i.
    template <class Clock>
    Int before_by(Clock clock, Index i, Index j, Int limit) {
        Int time = clock.start(j, std::max(ready_[at(j)], free_for(i)));
        const Int head = time;
        time = clock.end(j, time);
        for (Index x = i; x < j; ++x) {
            time = clock.start(x, std::max(ready_[at(x)], time));
            new_head_[at(x)] = time;
            time = clock.end(x, time);
        }
        Int tail = j < size_ - 1 ? tail_[at(j + 1)] : after_;
        Int longest = 0;
        for (Index x = j - 1; x >= i && longest <= limit; --x) {
            tail = std::max(rest_[at(x)], clock.tail(x, tail));
            longest = std::max(longest, new_head_[at(x)] + tail);
        }
        return std::max(longest, head + std::max(rest_[at(j)], clock.tail(j, tail)));
    }

    Index size_ = 0;

private:
    // When the machine is free for the k-th task.
    Int free_for(Index k) const { return k > 0 ? head_[at(k - 1)] + elapsed_[at(k - 1)] : free_; }

    std::vector<Index> task_;
    std::vector<Int> head_, tail_, ready_, rest_, elapsed_, new_head_;
    Int free_ = 0;   // when the machine is free for the first task
    Int after_ = 0;  // tail of the task behind the last one
};

// The critical blocks of a path, one after another: loads each and calls visit(block). A block
// opens the path if it starts at time 0, so that another order at its beginning leaves the path as
// long as it is, and closes it if it ends the path; but where machines rest (not `even`), any part
// of a block counts, as in another order tasks may fit between breaks better.
template <class Orientation, class Block, class Visit>
void for_each_block(const Orientation& orientation, const CriticalPath& path, bool even,
                    Block& block, Visit&& visit) {
    const std::size_t n = path.task.size();
    const bool at_zero = n > 0 && orientation.node(path.task[0]).head == 0;
    for (std::size_t begin = 0, end; begin < n; begin = end) {
        end = begin + 1;
        while (end < n && path.by_machine[end]) {
            ++end;
        }
        const bool opens = even && begin == 0 && at_zero, closes = even && end == n;
        if (end - begin > 1 && !(opens && closes)) {
            block.load(orientation, {path.task.data() + begin, end - begin}, opens, closes);
            visit(block);
        }
    }
}

}  // namespace headway::search
