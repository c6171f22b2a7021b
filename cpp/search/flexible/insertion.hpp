// Neighbourhood: a task is taken out, and every place where it can go without a cycle is looked at.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "search/flexible/orientation.hpp"

namespace headway::search::flexible {

// An orientation without one of its tasks. Since heads of whatever may stand before the task, and
// tails of whatever may stand behind it, are computed without it, the longest path through the
// task is known exactly for every place (Mastrolilli and Gambardella 2000), and the makespan after
// a move is the larger of that and of the longest path past the task.
class Removal {
public:
    explicit Removal(const Shop& shop);

    // Takes a task out. Returns the longest path past it; if that is above the limit, nothing else
    // is prepared and `insertions` must not be called.
    Time take_out(const Orientation& orientation, Index task, Time limit);

    // Calls offer(move, through) for each place without a cycle on the machine of each mode, except
    // the one where the task came from; `through` is the longest path through the task there.
    template <class Offer>
    void insertions(const Orientation& orientation, Offer&& offer) const {
        const Shop& shop = orientation.shop();
        for (Index m = shop.first_mode(task_); m < shop.end_mode(task_); ++m) {
            const Mode& mode = shop.mode(m);
            const Span span = by_relations(orientation, mode);
            if (mode.machine >= 0) {
                along(orientation, m, span, offer);
            } else if (m != orientation.node(task_).mode) {
                const Index none = orientation.none();
                offer(Move{task_, m, none, none},
                      span.head + std::max(span.to_start, mode.duration + span.to_end));
            }
        }
    }

private:
    enum Side : std::uint8_t { FREE = 0, LEADS_TO = 1, FOLLOWS = 2 };

    // Earliest start of the task, and the longest paths from its start and its end on, by relations
    // alone.
    struct Span {
        Time head, to_start, to_end;
    };

    static std::size_t at(Index i) { return static_cast<std::size_t>(i); }
    Span by_relations(const Orientation& orientation, const Mode& mode) const;
    Time find_heads(const Orientation& orientation);
    void find_tails(const Orientation& orientation);

    template <class Offer>
    void along(const Orientation& orientation, Index m, const Span& span, Offer&& offer) const {
        const Index none = orientation.none();
        const Node& from = orientation.node(task_);
        const Mode& mode = orientation.shop().mode(m);
        const auto behind = [&](Index x) {
            const Index right = orientation.node(x).right;
            return right == task_ ? from.right : right;
        };
        Index left = none, right = orientation.first(mode.machine);
        right = right == task_ ? from.right : right;
        while (right != none && side_[at(right)] == LEADS_TO) {
            left = right;
            right = behind(right);
        }
        const bool back = m == from.mode;
        for (;;) {
            if (!back || left != from.left) {
                const Time head = std::max(span.head, end_[at(left)]);
                const Time tail =
                    std::max(span.to_start, mode.duration + std::max(span.to_end, tail_[at(right)]));
                offer(Move{task_, m, left, right}, head + tail);
            }
            if (right == none || side_[at(right)] == FOLLOWS) {
                return;
            }
            left = right;
            right = behind(right);
        }
    }

    Index task_ = 0;
    std::vector<Time> head_, end_, tail_;  // the last entries stand for "none"
    std::vector<Side> side_;
};

}  // namespace headway::search::flexible
