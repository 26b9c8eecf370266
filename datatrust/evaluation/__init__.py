"""Score the answers to a file of questions by the values of their rows. Layer: between the chatbot and the door."""
