"""What radiation does to blood: circulation, blood dose, lymphocyte pools, the lymphocyte count."""
