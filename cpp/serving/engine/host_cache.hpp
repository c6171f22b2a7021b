// The second tier: contents of blocks that the device forgot, kept in the host's memory.
#pragma once

#include <list>
#include <unordered_map>

#include "serving/engine/pool.hpp"

namespace headway::serving {

// Least recently used goes first.
class HostCache {
public:
    explicit HostCache(Int blocks) : room_(blocks) {}

    bool has(Content content) const { return where_.contains(content); }

    void put(Content content) {
        if (room_ == 0) {
            return;
        }
        if (const auto found = where_.find(content); found != where_.end()) {
            order_.splice(order_.end(), order_, found->second);
            return;
        }
        if (static_cast<Int>(order_.size()) == room_) {
            where_.erase(order_.front());
            order_.pop_front();
        }
        where_.emplace(content, order_.insert(order_.end(), content));
    }

    void touch(Content content) {
        order_.splice(order_.end(), order_, where_.at(content));
    }

private:
    Int room_;
    std::list<Content> order_;
    std::unordered_map<Content, std::list<Content>::iterator> where_;
};

}  // namespace headway::serving
