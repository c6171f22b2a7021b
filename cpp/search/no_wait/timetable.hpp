// Items on the timetable in some order, each as early as those before it allow.
#pragma once

#include <limits>
#include <span>
#include <vector>

#include "search/no_wait/shop.hpp"
#include "search/random.hpp"

namespace headway::search::no_wait {

inline constexpr Time NO_LIMIT = std::numeric_limits<Time>::max();

class Timetable {
public:
    explicit Timetable(const Shop& shop);

    const Shop& shop() const { return *shop_; }
    std::span<const Index> order() const { return order_; }
    std::span<const Time> start() const { return start_; }
    Time value() const { return value_; }

    // Puts items on the empty timetable, one after another.
    void load(std::span<const Index> order);
    // Puts all items where given starts have them, as far as each is as early as some others allow:
    // starts that come from any order are met, others are brought near. Large shops go by start.
    void load_like(std::span<const Time> start);
    void remove(std::size_t place);
    // Puts an item where it does least harm, the places of least value chosen from at random. Of
    // long orders only some places are tried. Gives up, and leaves the item out, as soon as
    // go_on() returns false; it is asked before each place is tried.
    template <class GoOn>
    bool insert(Index item, Random& random, GoOn&& go_on);

private:
    static std::size_t at(Index i) { return static_cast<std::size_t>(i); }
    // Earliest start of an item after its release, given the starts of some others.
    Time earliest(Index item, std::span<const Index> placed) const;
    // Places the items of trial_ from one place on; the value, or NO_LIMIT if it exceeds the limit.
    Time place_from(std::size_t first, Time value, Time limit);
    Time joined(Time value, Index item) const;

    const Shop* shop_;
    std::vector<Index> order_, trial_;
    std::vector<Time> start_;   // by item
    std::vector<Time> values_;  // of the first 0, 1, ... items of the order
    Time value_ = 0;
};

template <class GoOn>
bool Timetable::insert(Index item, Random& random, GoOn&& go_on) {
    constexpr std::size_t MOST_PLACES = 50;
    const std::size_t n = order_.size();
    Time best = NO_LIMIT;
    std::size_t chosen = n;
    Index ties = 0;
    trial_.assign(order_.begin(), order_.end());
    trial_.push_back(item);
    // From the end to the beginning, the item going past one after another.
    for (std::size_t place = n;; --place) {
        if (n < MOST_PLACES || place == n ||
            random.below(static_cast<std::int32_t>(n)) < static_cast<std::int32_t>(MOST_PLACES)) {
            if (!go_on()) {
                load({order_.data(), n});
                return false;
            }
            const Time value = place_from(place, values_[place], best);
            if (value != NO_LIMIT) {
                ties = value < best ? 1 : ties + 1;
                best = value;
                if (ties == 1 || random.below(ties) == 0) {
                    chosen = place;
                }
            }
        }
        if (place == 0) {
            break;
        }
        std::swap(trial_[place], trial_[place - 1]);
    }
    order_.insert(order_.begin() + static_cast<std::ptrdiff_t>(chosen), item);
    trial_.assign(order_.begin(), order_.end());
    load(trial_);
    return true;
}

}  // namespace headway::search::no_wait
