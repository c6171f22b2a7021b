#include "serving/engine/pool.hpp"

namespace headway::serving {

Pool::Pool(Int blocks) : blocks_(static_cast<std::size_t>(blocks) + 1), free_(blocks) {
    const auto n = static_cast<std::int32_t>(blocks_.size());
    for (std::int32_t k = 0; k < n; ++k) {
        blocks_[static_cast<std::size_t>(k)].before = (k + n - 1) % n;
        blocks_[static_cast<std::size_t>(k)].after = (k + 1) % n;
    }
}

Int Pool::find(Content content) const {
    const auto found = known_.find(content);
    return found == known_.end() ? ABSENT : found->second;
}

void Pool::link(Int number, Int after) {
    Block& block = at(number);
    block.after = static_cast<std::int32_t>(after);
    block.before = at(after).before;
    at(block.before).after = static_cast<std::int32_t>(number);
    at(after).before = static_cast<std::int32_t>(number);
}

void Pool::unlink(Int number) {
    const Block& block = at(number);
    at(block.before).after = block.after;
    at(block.after).before = block.before;
}

// At the back of the queue that it belongs to.
void Pool::join(Int number) {
    ++free_;
    if (!is_judged_) {
        link(number, size());
        return;
    }
    Block& block = at(number);
    const auto self = static_cast<std::int32_t>(number);
    const auto [found, is_new] =
        queues_.try_emplace(block.owner, Queue{unjudged(block.owner), self});
    if (is_new) {
        block.before = block.after = self;
        ranks_.emplace(found->second.worth, block.freed, block.owner);
    } else {
        link(number, found->second.front);
    }
}

void Pool::leave(Int number) {
    --free_;
    const Block& block = at(number);
    if (is_judged_) {
        const auto found = queues_.find(block.owner);
        Queue& queue = found->second;
        if (block.after == number) {
            ranks_.erase({queue.worth, block.freed, block.owner});
            queues_.erase(found);
            return;
        }
        if (queue.front == number) {
            auto rank = ranks_.extract({queue.worth, block.freed, block.owner});
            queue.front = block.after;
            std::get<1>(rank.value()) = at(queue.front).freed;
            ranks_.insert(std::move(rank));
        }
    }
    unlink(number);
}

void Pool::fall_apart() {
    std::vector<std::int32_t> queue;
    for (auto number = at(size()).after; number != size(); number = at(number).after) {
        queue.push_back(number);
    }
    is_judged_ = true;
    free_ = 0;
    for (const auto number : queue) {
        join(number);
    }
}

void Pool::keep(Int number, double worth) {
    if (!is_judged_) {
        fall_apart();
    }
    const auto owner = static_cast<std::int32_t>(number);
    const auto found = queues_.find(owner);
    if (found == queues_.end()) {
        return;
    }
    Queue& queue = found->second;
    auto rank = ranks_.extract({queue.worth, at(queue.front).freed, owner});
    queue.worth = std::get<0>(rank.value()) = worth;
    ranks_.insert(std::move(rank));
}

Int Pool::take(Content& forgotten) {
    const Int front =
        is_judged_ ? queues_.at(std::get<2>(*ranks_.begin())).front : at(size()).after;
    Block& block = at(front);
    leave(front);
    block.holders = 1;
    forgotten = NOTHING;
    if (block.content >= 0 && unknow(front)) {
        forgotten = block.content;
    }
    block.content = NOTHING;
    return front;
}

void Pool::hold(Int number) {
    Block& block = at(number);
    if (block.holders == 0) {
        leave(number);
    }
    ++block.holders;
}

void Pool::give(Int number, Int owner) {
    Block& block = at(number);
    if (--block.holders > 0) {
        return;
    }
    block.owner = static_cast<std::int32_t>(owner);
    block.freed = ++freed_;
    join(number);
    ++changes_;
}

bool Pool::learn(Int number, Content content) {
    Block& block = at(number);
    bool is_first = false;
    if (content >= 0) {
        const auto self = static_cast<std::int32_t>(number);
        const auto [found, is_new] = known_.try_emplace(content, self);
        is_first = is_new;
        if (!is_new) {
            Int last = found->second;
            while (at(last).same != ABSENT) {
                last = at(last).same;
            }
            at(last).same = self;
        }
        ++changes_;
    }
    block.content = content;
    return is_first;
}

// Tells whether no other block holds the same.
bool Pool::unknow(Int number) {
    Block& block = at(number);
    bool is_last = false;
    const auto found = known_.find(block.content);
    if (found->second != number) {
        Int before = found->second;
        while (at(before).same != number) {
            before = at(before).same;
        }
        at(before).same = block.same;
    } else if (block.same != ABSENT) {
        found->second = block.same;
    } else {
        known_.erase(found);
        is_last = true;
    }
    block.same = ABSENT;
    return is_last;
}

}  // namespace headway::serving
