#include "search/flexible/insertion.hpp"

#include <limits>

namespace headway::search::flexible {
namespace {

// For the head and the tail of the task that is out: no path leads through it.
constexpr Time NO_PATH = std::numeric_limits<Time>::min() / 4;

}  // namespace

Removal::Removal(const Shop& shop)
    : head_(at(shop.n_tasks()) + 1),
      end_(at(shop.n_tasks()) + 1),
      tail_(at(shop.n_tasks()) + 1),
      side_(at(shop.n_tasks()) + 1) {}

Time Removal::take_out(const Orientation& orientation, Index task, Time limit) {
    task_ = task;
    const Time past = find_heads(orientation);
    if (past <= limit) {
        find_tails(orientation);
    }
    return past;
}

// Heads change behind the task only; those marked FOLLOWS cannot stand before it.
Time Removal::find_heads(const Orientation& orientation) {
    const auto order = orientation.order();
    const Node& out = orientation.node(task_);
    const auto begin = static_cast<std::size_t>(out.place);
    for (std::size_t k = 0; k < begin; ++k) {
        const Node& node = orientation.node(order[k]);
        head_[at(order[k])] = node.head;
        end_[at(order[k])] = node.head + node.duration;
        side_[at(order[k])] = FREE;
    }
    head_[at(task_)] = end_[at(task_)] = NO_PATH;
    side_[at(task_)] = FOLLOWS;
    for (std::size_t k = begin + 1; k < order.size(); ++k) {
        const Index x = order[k];
        const Node& node = orientation.node(x);
        const Chain& chain = orientation.chain(x);
        const Index left = node.left == task_ ? out.left : node.left;
        Time head = std::max(node.release, head_[at(chain.before)] + chain.length_before);
        head = std::max(head, end_[at(left)]);
        auto side = static_cast<Side>(side_[at(chain.before)] | side_[at(left)]);
        if (!orientation.chains()) {
            for (const Link& link : orientation.more_before(x)) {
                const Time length = link.length(orientation.node(link.task).duration);
                head = std::max(head, head_[at(link.task)] + length);
                side = static_cast<Side>(side | side_[at(link.task)]);
            }
        }
        head_[at(x)] = head;
        end_[at(x)] = head + node.duration;
        side_[at(x)] = side;
    }
    Time past = 0;
    for (const Index sink : orientation.sinks()) {
        past = std::max(past, end_[at(sink)]);
    }
    return past;
}

// Tails change before the task only; those marked LEADS_TO cannot stand behind it.
void Removal::find_tails(const Orientation& orientation) {
    const auto order = orientation.order();
    const Node& out = orientation.node(task_);
    const auto begin = static_cast<std::size_t>(out.place);
    for (std::size_t k = begin + 1; k < order.size(); ++k) {
        tail_[at(order[k])] = orientation.node(order[k]).tail;
    }
    tail_[at(task_)] = NO_PATH;
    side_[at(task_)] = LEADS_TO;
    for (std::size_t k = begin; k-- > 0;) {
        const Index x = order[k];
        const Node& node = orientation.node(x);
        const Chain& chain = orientation.chain(x);
        const Index right = node.right == task_ ? out.right : node.right;
        Time tail = std::max(node.duration + tail_[at(right)],
                             chain.length_after + tail_[at(chain.after)]);
        // What follows the task has a later place, so that only LEADS_TO occurs here.
        auto side = static_cast<Side>((side_[at(chain.after)] | side_[at(right)]) & LEADS_TO);
        if (!orientation.chains()) {
            for (const Link& link : orientation.more_after(x)) {
                tail = std::max(tail, link.length(node.duration) + tail_[at(link.task)]);
                side = static_cast<Side>(side | (side_[at(link.task)] & LEADS_TO));
            }
        }
        tail_[at(x)] = tail;
        side_[at(x)] = side;
    }
}

// Tasks that the task waits for have earlier places, those that wait for it later ones, so their
// heads and tails are what they were.
Removal::Span Removal::by_relations(const Orientation& orientation, const Mode& mode) const {
    Span span{mode.release, 0, 0};
    for (const Link& link : orientation.shop().before(task_)) {
        const Node& other = orientation.node(link.task);
        span.head = std::max(span.head, other.head + link.length(other.duration));
    }
    for (const Link& link : orientation.shop().after(task_)) {
        Time& longest = link.from_end ? span.to_end : span.to_start;
        longest = std::max(longest, link.lag + orientation.node(link.task).tail);
    }
    return span;
}

}  // namespace headway::search::flexible
