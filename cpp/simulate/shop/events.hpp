// What is going to happen, in a fixed order.
#pragma once

#include <algorithm>
#include <tuple>
#include <vector>

#include "base.hpp"
#include "simulate/shop/shop.hpp"

namespace headway::simulate::shop {

// Simultaneous events take effect in this order, then in the order of their numbers.
enum class Kind : std::uint8_t {
    FINISH,                                           // completions
    OFF, DOWN, ON, UP,                                // availability
    ARRIVE, RELEASE, CHANGE, CANCEL, READY, JOIN, TRAVELLED  // arrivals and reveals
};

inline int event_class(Kind kind) { return kind == Kind::FINISH ? 0 : kind < Kind::ARRIVE ? 1 : 2; }

struct Event {
    Int time;
    Kind kind;
    Int number;
    Int subject;
    Int stamp = 0;

    bool operator<(const Event& other) const {
        return std::tuple(time, event_class(kind), number) <
               std::tuple(other.time, event_class(other.kind), other.number);
    }
};

// Events that are known from the start, in order.
std::vector<Event> fixed_events(const Shop& shop);

// A heap of the events that come up on the way, merged with the fixed ones.
class Agenda {
public:
    explicit Agenda(std::size_t n_fixed) : next_number_(static_cast<Int>(n_fixed)) {}

    void push(Int time, Kind kind, Int subject, Int stamp) {
        heap_.push_back({time, kind, next_number_++, subject, stamp});
        std::ranges::push_heap(heap_, later);
    }

    // The next event; null if there is none.
    const Event* peek(const std::vector<Event>& fixed) const {
        const Event* known = cursor_ < fixed.size() ? &fixed[cursor_] : nullptr;
        if (heap_.empty()) {
            return known;
        }
        return known != nullptr && *known < heap_.front() ? known : &heap_.front();
    }

    Event pop(const std::vector<Event>& fixed) {
        const Event* next = peek(fixed);
        const Event event = *next;
        if (!heap_.empty() && next == &heap_.front()) {
            std::ranges::pop_heap(heap_, later);
            heap_.pop_back();
        } else {
            ++cursor_;
        }
        return event;
    }

private:
    static bool later(const Event& a, const Event& b) { return b < a; }

    std::vector<Event> heap_;
    std::size_t cursor_ = 0;
    Int next_number_;
};

}  // namespace headway::simulate::shop
