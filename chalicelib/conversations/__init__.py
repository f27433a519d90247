"""What people, programs and the assistant say to each other: kept, answered, measured."""
