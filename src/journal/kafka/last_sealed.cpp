#include <fmt/format.h>

#include "base/error.h"
#include "journal/kafka.h"
#include "journal/kafka/control_topic.h"
#include "journal/kafka/state_topic.h"
#include "journal/kafka/topic_names.h"

namespace freshet::journal {

std::optional<LastSealed> read_last_sealed(const KafkaOptions& options) {
  const TopicNames names(options);
  kafka::Consumer consumer(options.cluster);
  StateTopic state(consumer, names.state());
  ControlTopic control(consumer, names.watermarks(), options.cluster.deadline);
  if (!control.exists()) return std::nullopt;
  const std::optional<Sealed> newest = control.newest();
  state.refresh(options.cluster.deadline);  // after that: it has the notes that the watermark names
  if (!state.journal()) return std::nullopt;
  LastSealed last;
  if (!newest) return last;
  last.watermark = newest->watermark;
  if (newest->notes_at < 0) return last;
  const KeptNotes* notes = state.notes_at(newest->notes_at);
  if (notes == nullptr)  // a writer has kept others since, twice
    throw Error(ErrorKind::transient, fmt::format("the topic {} moves on while it is read", names.state()));
  last.kept = notes->text;
  return last;
}

}  // namespace freshet::journal
