#include "simulate/shop/events.hpp"

namespace headway::simulate::shop {

std::vector<Event> fixed_events(const Shop& shop) {
    std::vector<Event> events;
    for (Int m = 0; m < shop.n_machines(); ++m) {
        for (Int k = shop.break_ptr[m]; k < shop.break_ptr[m + 1]; ++k) {
            events.push_back({shop.break_start[k], Kind::OFF, 0, m});
            events.push_back({shop.break_end[k], Kind::ON, 0, m});
        }
        for (Int k = shop.down_ptr[m]; k < shop.down_ptr[m + 1]; ++k) {
            events.push_back({shop.down_start[k], Kind::DOWN, 0, m});
            events.push_back({shop.down_end[k], Kind::UP, 0, m});
        }
    }
    for (Int j = 0; j < shop.n_jobs(); ++j) {
        if (shop.arrival[j] < shop.cancelled[j]) {
            events.push_back({shop.arrival[j], Kind::ARRIVE, 0, j});
            events.push_back({shop.release[j], Kind::RELEASE, 0, j});
            if (shop.cancelled[j] != FOREVER) {
                events.push_back({shop.cancelled[j], Kind::CANCEL, 0, j});
            }
        }
    }
    for (std::size_t k = 0; k < shop.change_time.size(); ++k) {
        events.push_back({shop.change_time[k], Kind::CHANGE, 0, static_cast<Int>(k)});
    }
    // What takes a machine down comes before what brings one up, so that it is not up in between.
    std::ranges::sort(events, {}, [](const Event& e) {
        return std::tuple(e.time, event_class(e.kind), e.kind, e.subject);
    });
    for (std::size_t k = 0; k < events.size(); ++k) {
        events[k].number = static_cast<Int>(k);
    }
    return events;
}

}  // namespace headway::simulate::shop
