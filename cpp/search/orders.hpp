// Linear orders of items numbered from 0: from outside, and sorted anew.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <vector>

#include "base.hpp"

namespace headway::search {

using Order = std::vector<std::int32_t>;
using OrderView = std::span<const std::int32_t>;

// Some of the items from 0 to n - 1. Throws std::invalid_argument, with the message, if there is
// another one among them, or one twice.
inline Order checked_items(Ints given, std::int32_t n, const char* message) {
    std::vector<bool> seen(static_cast<std::size_t>(n));
    Order order;
    order.reserve(given.size());
    for (const Int item : given) {
        if (item < 0 || item >= n || seen[static_cast<std::size_t>(item)]) {
            throw std::invalid_argument(message);
        }
        seen[static_cast<std::size_t>(item)] = true;
        order.push_back(static_cast<std::int32_t>(item));
    }
    return order;
}

// All items from 0 to n - 1. Throws in the same way if one of them is missing.
inline Order checked_order(Ints given, std::int32_t n, const char* message) {
    Order order = checked_items(given, n, message);
    if (order.size() != static_cast<std::size_t>(n)) {
        throw std::invalid_argument(message);
    }
    return order;
}

// The place of each item in an order of all.
inline Order places(OrderView order) {
    Order place(order.size());
    for (std::size_t k = 0; k < order.size(); ++k) {
        place[static_cast<std::size_t>(order[k])] = static_cast<std::int32_t>(k);
    }
    return place;
}

// Throws std::invalid_argument, with the message, if an item of an order of all stands before one
// that it waits for; before(item) has links to those.
template <class Before>
void require_behind(OrderView order, Before&& before, const char* message) {
    const Order place = places(order);
    for (const std::int32_t item : order) {
        for (const auto& link : before(item)) {
            if (place[static_cast<std::size_t>(link.task)] >=
                place[static_cast<std::size_t>(item)]) {
                throw std::invalid_argument(message);
            }
        }
    }
}

// All items from 0 to n - 1, each behind those that it waits for; before(item) has links to those,
// after(item) to those that wait for it. Throws std::invalid_argument, with the message, if the
// links form a cycle.
template <class Before, class After>
Order topological_order(std::int32_t n, Before&& before, After&& after, const char* message) {
    std::vector<std::size_t> waits(static_cast<std::size_t>(n));
    Order order;
    order.reserve(waits.size());
    for (std::int32_t i = 0; i < n; ++i) {
        waits[static_cast<std::size_t>(i)] = before(i).size();
        if (before(i).empty()) {
            order.push_back(i);
        }
    }
    for (std::size_t k = 0; k < order.size(); ++k) {
        for (const auto& link : after(order[k])) {
            if (--waits[static_cast<std::size_t>(link.task)] == 0) {
                order.push_back(link.task);
            }
        }
    }
    if (order.size() != waits.size()) {
        throw std::invalid_argument(message);
    }
    return order;
}

// All items by a key, and those with the same one as in another order.
template <class Key>
Order ordered_by(const std::vector<Key>& key, OrderView ties) {
    const Order place = places(ties);
    Order order(ties.begin(), ties.end());
    std::ranges::sort(order, [&](std::int32_t i, std::int32_t j) {
        const auto a = static_cast<std::size_t>(i), b = static_cast<std::size_t>(j);
        return key[a] != key[b] ? key[a] < key[b] : place[a] < place[b];
    });
    return order;
}

}  // namespace headway::search
